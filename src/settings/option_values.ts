/**
 * What the value of an option may be. Its type is derived from the option table. Its schema reads both texts of the
 * command line and values of a recipe. The schema's messages say what is expected.
 *
 * @module
 */

import * as v from "valibot";
import { parseSize, type Size } from "../data/size.ts";
import type { Option, OptionKey, OptionKind, OptionTable } from "./options.ts";

/** A value of any option. */
export type Value = string | number | boolean | readonly number[] | readonly string[] | Size;

/** The types of values that follow from the option's kind alone. */
interface ValueOfKind {
  readonly flag: boolean;
  readonly number: number;
  readonly integer: number;
  readonly bytes: number;
  readonly text: string;
  readonly path: string;
  readonly numbers: readonly number[];
  readonly size: Size;
  readonly paths: readonly string[];
}

/** The entry of the option table with this name. */
type Entry<K extends OptionKey> = Extract<OptionTable[number], { readonly key: K }>;

/** The texts that an entry allows for any of its commands; `never` if it allows every text. */
type Choice<E> =
  | (E extends { readonly choices: readonly (infer C)[] } ? C : never)
  | (E extends { readonly differs: infer D } ? D[keyof D] extends { readonly choices: readonly (infer C)[] } ? C : never
    : never);

/** The kinds that an entry has only for some of its commands; `never` if it has one for all. */
type OtherKind<E> = E extends { readonly differs: infer D }
  ? D[keyof D] extends infer Different ? Different extends { readonly kind: infer O extends OptionKind } ? O : never
  : never
  : never;

/** The type of an entry's values. */
type EntryValue<E extends OptionTable[number]> = E extends { readonly choices: unknown } ? Choice<E>
  : E extends { readonly count: 2 } ? readonly [number, number]
  : ValueOfKind[E["kind"] | OtherKind<E>];

/** The type of an option's values, for all commands that take it: `"sgd" | "adamw"` for `optimizer`. */
export type OptionValue<K extends OptionKey> = EntryValue<Entry<K>>;

/** What reading an option gives: its value, or `undefined` if it has no default and is not a switch. */
export type OptionResult<K extends OptionKey> = Entry<K> extends
  { readonly default: unknown } | { readonly kind: "flag" } ? OptionValue<K>
  : OptionValue<K> | undefined;

/** Values of some options, by name. */
export type Values = { readonly [K in OptionKey]?: OptionValue<K> };

/** Values that {@link valueSchema} has checked, with the types that the option table gives them. */
export function checkedValues(entries: Iterable<readonly [OptionKey, Value]>): Values {
  // An option's schema and its type are made from the same entry, but TypeScript cannot see that.
  return Object.fromEntries(entries) as Values;
}

/** The schema of an option's values. */
export function valueSchema(option: Option): v.GenericSchema<unknown, Value> {
  switch (option.kind) {
    case "flag":
      return v.boolean("true or false");
    case "number":
    case "integer":
      return numberSchema(option);
    case "numbers":
      return numbersSchema(option);
    case "size":
      return sizeSchema;
    case "bytes":
      return bytesSchema;
    case "path":
    case "text":
      return textSchema(option);
    case "paths":
      return v.pipe(
        v.union([v.array(v.string()), v.pipe(v.string(), v.transform((path) => [path]))], "paths"),
        v.minLength(1),
      );
  }
}

/** A number, or a text that is one, within the bounds of the option. */
function numberSchema({ kind, minimum = -Infinity, maximum = Infinity }: Option): v.GenericSchema<unknown, number> {
  const expected = kind === "integer" ? "a whole number" : "a number";
  const text = v.pipe(v.string(), v.trim(), v.nonEmpty(), v.transform(Number));
  return v.pipe(
    v.union([v.number(), text], expected),
    v.finite(expected),
    v.check((value) => kind !== "integer" || Number.isInteger(value), expected),
    v.minValue(minimum, `at least ${minimum}`),
    v.maxValue(maximum, `at most ${maximum}`),
  );
}

/** Numbers in a list, or in a text with commas between them. */
function numbersSchema(option: Option): v.GenericSchema<unknown, number[]> {
  const { count } = option;
  const text = v.pipe(v.union([v.string(), v.number()]), v.transform((value) => String(value).split(",")));
  const expected = count === undefined ? "numbers with commas between them" : `${count} numbers with a comma between`;
  return v.pipe(
    v.union([v.array(v.unknown()), text], expected),
    v.check((values) => values.length > 0 && (count === undefined || values.length === count), expected),
    v.array(numberSchema(option), expected),
  );
}

const sizeSchema: v.GenericSchema<unknown, Size> = v.pipe(
  v.string("height x width in pixels, such as 240x320"),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return parseSize(dataset.value);
    } catch {
      addIssue({ message: "height x width in pixels, such as 240x320" });
      return NEVER;
    }
  }),
);

/** Bytes of a text such as `4GiB`, `512MiB` or `1000000`. */
const bytesSchema: v.GenericSchema<unknown, number> = v.pipe(
  v.union([v.string(), v.number()], "bytes, such as 4GiB"),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const match = /^\s*(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|KB|MB|GB)?\s*$/i.exec(String(dataset.value));
    if (match === null) {
      addIssue({ message: "bytes, such as 4GiB" });
      return NEVER;
    }
    const factors: Readonly<Record<string, number>> = {
      ...{ b: 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 },
      ...{ kb: 1e3, mb: 1e6, gb: 1e9 },
    };
    return Math.floor(Number(match[1]) * (factors[(match[2] ?? "B").toLowerCase()] ?? 1));
  }),
);

/**
 * A text. If there are choices, it must be one of them. YAML reads the bare word `null`, and numbers, as such, so they
 * are converted.
 */
function textSchema({ choices, kind }: Option): v.GenericSchema<unknown, string> {
  const expected = choices === undefined ? (kind === "path" ? "a path" : "a text") : choices.join(", ");
  const bare = v.pipe(v.union([v.number(), v.null()]), v.transform(String));
  return v.pipe(
    v.union([v.string(), bare], expected),
    v.nonEmpty(expected),
    v.check((text) => choices === undefined || choices.includes(text), expected),
  );
}
