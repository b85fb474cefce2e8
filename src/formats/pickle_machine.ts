/**
 * What a pickle's opcodes work on: a stack, the places that are marked on it, and a memo, with bounds on all of them.
 * What a REDUCE, a BUILD or a persistent id means is up to the caller's rules.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import { opcodeName } from "./pickle_opcodes.ts";
import { depthOf, kindOf, PickleGlobal, PickleList, PickleMap, PickleObject } from "./pickle_values.ts";
import { PickleTuple, type PickleValue } from "./pickle_values.ts";
import { shortText } from "./validation.ts";

/** What a kind of file makes of opcodes that stand for calls in Python. `fail` makes an error that names the place. */
export interface PickleRules {
  /** The globals that may be named. */
  readonly globals: ReadonlySet<string>;
  /** What is said of a file that names another. */
  readonly refusal: string;
  /** What calling a global with these arguments would give. */
  readonly reduce: (callable: PickleGlobal, args: readonly PickleValue[], fail: Fail) => PickleValue;
  /** Gives an object a state. */
  readonly build: (object: PickleValue, state: PickleValue, fail: Fail) => void;
  /** The object of a persistent id. */
  readonly persistent: (id: PickleValue, fail: Fail) => PickleValue;
}

/** Makes an error of what was found. */
export type Fail = (found: string) => Error;

/** How much memory the values of a file's pickles may take, estimated as they are made. */
export class PickleMemory {
  #left: number;

  /** For a file of this many bytes. */
  constructor(readonly fileBytes: number) {
    this.#left = fileBytes + 32 * 2 ** 20;
  }

  /** Takes some of it. Returns whether there was so much. */
  spend(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }
}

const maxDepth = 100;
const maxTextBytes = 2 ** 20;

/** Estimated bytes of values, measured in V8 from above: on the stack, in a list or a map, and by themselves. */
export const cost = { slot: 16, item: 32, entry: 96, node: 128, map: 384 } as const;

/** The stack and the memo of a pickle. */
export class PickleMachine {
  /** The values, the last one on top. */
  readonly stack: PickleValue[] = [];
  /** For each MARK that is open, how many values lie below it. */
  readonly marks: number[] = [];
  /** Values that the pickle put aside, by their places. */
  readonly memo = new Map<number, PickleValue>();
  readonly #memory: PickleMemory;
  #place = 0;

  /** An empty stack for the pickle that begins at the reader's place. */
  constructor(readonly reader: ByteReader, readonly rules: PickleRules, memory: PickleMemory) {
    this.#memory = memory;
  }

  /** An opcode begins here. */
  begin(): void {
    this.#place = this.reader.place;
  }

  /** Makes an error that names the place of the opcode. */
  readonly fail: Fail = (found) => this.reader.error(found, this.#place);

  /**
   * Takes memory for a value.
   *
   * @throws {Error} where more is taken than the file may.
   */
  spend(bytes: number): void {
    if (!this.#memory.spend(bytes)) {
      throw this.fail(`the pickle's values take more memory than a file of ${this.#memory.fileBytes} bytes may`);
    }
  }

  /** Puts a value on top. */
  push(value: PickleValue): void {
    this.spend(cost.slot);
    this.stack.push(value);
  }

  /** Takes the value on top, which must lie above the last MARK. */
  pop(): PickleValue {
    const value = this.stack.length > (this.marks.at(-1) ?? 0) ? this.stack.pop() : undefined;
    if (value === undefined) throw this.fail(`${this.#opcode} takes a value that is not there`);
    return value;
  }

  /** The value on top, which stays. */
  top(): PickleValue {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  /** The values since the last MARK. */
  popMark(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.fail(`${this.#opcode} takes a MARK that is not there`);
    return this.stack.splice(mark);
  }

  /** Opens a MARK. */
  mark(): void {
    if (this.marks.length >= maxDepth) throw this.fail(`more than ${maxDepth} MARKs are open`);
    this.marks.push(this.stack.length);
  }

  /** Pushes a tuple. */
  tuple(items: readonly PickleValue[]): void {
    this.spend(cost.node + cost.item * items.length);
    const tuple = new PickleTuple(items);
    this.#checkDepth(tuple.depth);
    this.push(tuple);
  }

  /** Appends to a list. */
  append(list: PickleValue, items: readonly PickleValue[]): void {
    if (!(list instanceof PickleList)) throw this.fail(`${this.#opcode} appends to ${kindOf(list)}`);
    for (const item of items) {
      this.#put(list, item, cost.item);
      list.items.push(item);
    }
  }

  /** Sets keys of a map: keys and values in turn. */
  set(map: PickleValue, pairs: readonly PickleValue[]): void {
    if (!(map instanceof PickleMap)) throw this.fail(`${this.#opcode} sets a key of ${kindOf(map)}`);
    if (pairs.length % 2 !== 0) throw this.fail(`${this.#opcode} sets a key without a value`);
    for (let index = 0; index < pairs.length; index += 2) this.setPair(map, pairs[index], pairs[index + 1]);
  }

  /** Sets a key of a map, which must not have it yet. */
  setPair(map: PickleMap, key: PickleValue | undefined, value: PickleValue | undefined): void {
    if (key === undefined || value === undefined) throw this.fail("a key without a value is set");
    if (key instanceof PickleList || key instanceof PickleMap || key instanceof PickleObject) {
      throw this.fail(`${kindOf(key)} is a key`);
    }
    if (map.entries.has(key)) {
      throw this.fail(`the key ${typeof key === "string" ? shortText(key) : kindOf(key)} is set a second time`);
    }
    this.#put(map, value, cost.entry);
    map.entries.set(key, value);
  }

  /** Pushes a global, if the rules know it. */
  global(module: string, name: string): void {
    const global = new PickleGlobal(module, name);
    if (!this.rules.globals.has(global.text)) {
      throw this.fail(`the pickle names ${shortText(global.text)}, which is not read. ${this.rules.refusal}`);
    }
    this.spend(cost.node);
    this.push(global);
  }

  /** Puts the value on top into the memo. */
  remember(place: number): void {
    this.spend(cost.entry);
    this.memo.set(place, this.top());
  }

  /** Pushes a value of the memo. */
  recall(place: number): void {
    const value = this.memo.get(place);
    if (value === undefined) throw this.fail(`${this.#opcode} takes value ${place} of the memo, which is not there`);
    this.push(value);
  }

  /** A text of some bytes: UTF-8, or one character a byte as Python 2's. */
  text(length: number, isBytes = false): void {
    if (length > maxTextBytes) throw this.fail(`a text has ${length} bytes, at most ${maxTextBytes} are read`);
    this.spend(cost.node + 2 * length);
    const text = isBytes ? latin1(this.reader.take(length, "a text")) : this.reader.text(length, "a text");
    this.push(text);
  }

  /** What the pickle gave. */
  result(): PickleValue {
    const value = this.pop();
    if (this.stack.length > 0 || this.marks.length > 0) throw this.fail("the pickle ends with values left over");
    this.#checkLoose(value);
    return value;
  }

  get #opcode(): string {
    return opcodeName(this.reader.bytes[this.#place] ?? 0);
  }

  /** `value` is put into a list or a map. */
  #put(into: PickleList | PickleMap, value: PickleValue, bytes: number): void {
    this.spend(bytes);
    this.#checkLoose(value);
    into.depth = Math.max(into.depth, depthOf(value) + 1);
    this.#checkDepth(into.depth);
  }

  #checkLoose(value: PickleValue): void {
    if (value instanceof PickleObject && value.looseRefusal !== null) throw this.fail(value.looseRefusal);
  }

  #checkDepth(depth: number): void {
    if (depth > maxDepth) throw this.fail(`more than ${maxDepth} values lie in one another`);
  }
}

/** One character for each byte. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 4096) {
    text += String.fromCharCode(...bytes.subarray(start, start + 4096));
  }
  return text;
}
