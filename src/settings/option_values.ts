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

/** The words that may stand in the place of a number or a size; `never` if there are none. */
type Word<E> = E extends { readonly words: readonly (infer W)[] } ? W : never;

/** The type of an entry's values. */
type EntryValue<E extends OptionTable[number]> = E extends { readonly choices: unknown } ? Choice<E>
  : E extends { readonly count: 2 } ? readonly [number, number]
  : ValueOfKind[E["kind"] | OtherKind<E>] | Word<E>;

/** The type of an option's values, for all commands that take it: `"sgd" | "adamw"` for `optimizer`. */
export type OptionValue<K extends OptionKey> = EntryValue<Entry<K>>;

/**
 * What reading an option gives: its value, or `undefined` if it has no default, or one that another option overrides,
 * and is not a switch.
 */
export type OptionResult<K extends OptionKey> = Entry<K> extends { readonly unless: string }
  ? OptionValue<K> | undefined
  : Entry<K> extends { readonly default: unknown } | { readonly kind: "flag" } ? OptionValue<K>
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
      return orWord(option, numberSchema(option));
    case "numbers":
      return numbersSchema(option);
    case "size":
      return orWord(option, sizeSchema(option));
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

/** One of the option's words, or what `schema` allows. */
function orWord<T>({ words = [] }: Option, schema: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T | string> {
  return words.length === 0 ? schema : v.lazy((input) => words.some((word) => word === input) ? v.string() : schema);
}

/** What is expected, and the words that may stand in its place: `a whole number, or all`. */
function withWords(expected: string, { words = [] }: Option): string {
  return words.length === 0 ? expected : `${expected}, or ${words.join(" or ")}`;
}

/** A number, or a text that is one, within the bounds of the option. */
function numberSchema(option: Option): v.GenericSchema<unknown, number> {
  const { kind, minimum = -Infinity, maximum = Infinity } = option;
  const expected = withWords(kind === "integer" ? "a whole number" : "a number", option);
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

/** A size, or a text such as `240x320`. */
function sizeSchema(option: Option): v.GenericSchema<unknown, Size> {
  const message = withWords("height x width in pixels, such as 240x320", option);
  return v.pipe(
    v.string(message),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return parseSize(dataset.value);
      } catch {
        addIssue({ message });
        return NEVER;
      }
    }),
  );
}

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
