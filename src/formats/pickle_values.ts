/**
 * What a pickle's opcodes make here: inert values. None of them can be called, and a global is only its name.
 *
 * @module
 */

/** A value on the stack of a pickle. */
export type PickleValue = null | boolean | number | string | PickleNode;

/** A value that is made of others, or that is no plain number or text. */
export type PickleNode = PickleTuple | PickleList | PickleMap | PickleGlobal | PickleObject;

/** A tuple. */
export class PickleTuple {
  /** How many values lie in one another here, this one included. */
  readonly depth: number;

  /** A tuple of these. */
  constructor(readonly items: readonly PickleValue[]) {
    this.depth = 1 + items.reduce((deepest: number, item) => Math.max(deepest, depthOf(item)), 0);
  }
}

/** A list. */
export class PickleList {
  /** How many values lay in one another when the last was appended. */
  depth = 1;
  /** Its values. */
  readonly items: PickleValue[] = [];
}

/** A `dict` or an `OrderedDict`. */
export class PickleMap {
  /** How many values lay in one another when the last was set. */
  depth = 1;
  /** Its values by key. Tuples as keys are told apart by which they are, not by what they hold. */
  readonly entries = new Map<PickleValue, PickleValue>();

  /** An empty one. */
  constructor(readonly isOrdered: boolean) {}
}

/** The name of a class or a function of Python: a tag that does nothing. */
export class PickleGlobal {
  /** It holds nothing. */
  readonly depth = 0;

  /** What GLOBAL or STACK_GLOBAL named. */
  constructor(readonly module: string, readonly name: string) {}

  /** As in Python: `module.name`. */
  get text(): string {
    return `${this.module}.${this.name}`;
  }
}

/** What the reader of a certain kind of file makes of a REDUCE or a persistent id. */
export class PickleObject {
  /** What it holds is not looked at. */
  readonly depth: number = 0;

  /**
   * An object.
   *
   * @param kind what it is, for messages.
   * @param looseRefusal why it may be in no list or map and not be the result, where it is only of use to a REDUCE.
   */
  constructor(readonly kind: string, readonly looseRefusal: string | null = null) {}
}

/** How many values lie in one another; 0 for a plain one. */
export function depthOf(value: PickleValue): number {
  return typeof value === "object" && value !== null ? value.depth : 0;
}

/** What a value is, for messages. */
export function kindOf(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (value instanceof PickleTuple) return `a tuple of ${value.items.length}`;
  if (value instanceof PickleList) return `a list of ${value.items.length}`;
  if (value instanceof PickleMap) return `a dict of ${value.entries.size}`;
  if (value instanceof PickleGlobal) return value.text;
  if (value instanceof PickleObject) return value.kind;
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "string" ? "a text" : `the number ${value}`;
}
