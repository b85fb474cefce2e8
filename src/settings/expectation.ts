/**
 * What a recipe expects: the published row that it is made to reproduce, where that was read, and what in the recipe is
 * not published but ours. A run compares itself with the row. The key of a recipe is `expect`.
 *
 * @module
 */

import * as v from "valibot";
import { UsageError } from "../errors.ts";

const percent = v.pipe(v.number(), v.minValue(0), v.maxValue(100));
const sentences = v.array(v.pipe(v.string(), v.nonEmpty()));

const schema = v.strictObject({
  /** Where the row stands: a paper and its table, or the README of released code. */
  source: v.pipe(v.string(), v.nonEmpty()),
  /** Whether the row was read in a public text, or is recalled from memory of the paper. */
  cited: v.picklist(["read", "recalled"]),
  /** The name of the label set whose classes were scored. */
  "label-set": v.pipe(v.string(), v.nonEmpty()),
  /** Mean IoU over these classes, in %, as published. */
  miou: percent,
  /** Mean IoU in % of the row that is trained on the labelled part alone, the start of this one; absent where there is none. */
  supervised: v.optional(percent),
  /** IoU of each class in %, in the order of the label set; absent where it is not known. */
  classes: v.optional(v.pipe(v.array(percent), v.minLength(1))),
  /** Mean IoU in % over some of the classes, by the name of the label set that holds them. */
  subsets: v.optional(v.record(v.string(), percent), {}),
  /** What contradicts itself or is doubtful in the row; empty where nothing is. */
  doubts: v.optional(sentences, []),
  /** What in the recipe is not published but ours. */
  ours: v.optional(sentences, []),
  /** Licences of the code, the weights and the data sets. */
  licences: v.optional(sentences, []),
});

/** The published row that a recipe is made to reproduce. */
export type Expectation = v.InferOutput<typeof schema>;

/**
 * Reads the value of a recipe's key `expect`.
 *
 * @param recipe name of the recipe, for messages.
 * @throws {UsageError} naming the recipe and the key that is missing, unknown or has a bad value.
 */
export function readExpectation(value: unknown, recipe: string): Expectation {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const key = ["expect", v.getDotPath(issue)].filter((part) => part !== null).join(".");
  throw new UsageError(`The recipe ${recipe} has a wrong key "${key}": ${issue.message}`);
}
