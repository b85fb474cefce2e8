/**
 * The forms of what a run keeps of its finished stages. A store checks what it kept by them, since a file may have been
 * damaged since.
 *
 * @module
 */

import * as v from "valibot";
import type { SplitScores } from "./evaluation.ts";
import type { LabellingResult } from "./labelling.ts";

/** The form of a kept result: a schema that makes a `T` of what was read. */
export type KeptForm<T> = v.GenericSchema<unknown, T>;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const counts = v.array(count);
const share = v.nullable(v.number());

/** A stage that leaves nothing but its files. */
export const doneForm: KeptForm<true> = v.literal(true);

/** A training stage. */
export const trainedForm = v.object({
  seconds: v.number(),
  /** How many steps it took. Runs of version 0.1.0 do not know. */
  steps: v.optional(count),
});

/** Scores; `null` if there was no image to score on. */
export const scoresForm: KeptForm<SplitScores | null> = v.nullable(v.looseObject({
  miou: share,
  iou: v.record(v.string(), share),
  pixelAccuracy: share,
  images: count,
}));

/** What a labelling found. */
export const labellingForm: KeptForm<LabellingResult> = v.looseObject({
  policy: v.picklist(["cbst", "st", "lrent"]),
  rule: v.picklist(["crst", "mxnet"]),
  portion: v.number(),
  stride: count,
  prior: v.boolean(),
  n_pixels: counts,
  n_sampled: counts,
  list_len: counts,
  rank: counts,
  index: v.array(v.nullable(count)),
  lambda_raw: v.array(v.number()),
  lambda: v.array(v.number()),
  lambda_hex: v.array(v.string()),
  k: v.array(v.number()),
  labelled: counts,
  ignored: count,
  mine: v.looseObject({ size: counts, rarest: counts, below: counts }),
  precision: v.array(share),
});

/** A result with the seconds that it took. A stage that leaves nothing but its files has no value. */
export function timedForm<T>(value: KeptForm<T>): KeptForm<{ readonly value: T; readonly time: number }> {
  return v.object({ value, time: v.number() });
}
