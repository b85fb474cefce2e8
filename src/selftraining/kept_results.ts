/**
 * The forms of the scores and labellings that a run keeps.
 *
 * @module
 */

import * as v from "valibot";
import type { SplitScores } from "./evaluation.ts";
import { formOf, type KeptForm } from "./kept.ts";
import type { LabellingResult } from "./labelling.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const counts = v.array(count);
const share = v.nullable(v.number());

/** Scores over the points or the pixels of scans. */
const scanScores = v.looseObject({
  miou: share,
  miouPresent: share,
  iou: v.record(v.string(), share),
  accuracy: share,
});

/** Scores; `null` if there was no image to score on. */
export const scoresForm: KeptForm<SplitScores | null> = formOf(v.nullable(v.looseObject({
  miou: share,
  iou: v.record(v.string(), share),
  pixelAccuracy: share,
  images: count,
  confusion: v.exactOptional(v.array(counts)),
  subsets: v.exactOptional(v.record(v.string(), share)),
  points: v.exactOptional(scanScores),
  pixels: v.exactOptional(scanScores),
})));

/** What a labelling found. */
export const labellingForm: KeptForm<LabellingResult> = formOf(v.looseObject({
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
  recall: v.exactOptional(v.array(share)),
}));
