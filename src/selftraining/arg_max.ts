/**
 * The class of the largest score of every pixel. That is what prediction gives: no confidence and no threshold takes
 * part.
 *
 * @module
 */

import shader from "../../shaders/selftraining/arg_max.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import { type Dispatch, grid } from "../gpu/launch.ts";
import { mergeConstants, type MergedClasses } from "./merged_classes.ts";
import { pixelsPerInvocation, type ScoreBatch, scoreConstants, scoreIncludes, type ScoreOptions } from "./scores.ts";

/** What the launch reads and writes, beside the logits. */
export interface ArgMaxBuffers {
  /** As `viewsBuffer` makes them. */
  readonly views: GPUBuffer;
  /** `[N, H, W]`, one byte per pixel, padded to whole 4-byte words. */
  readonly labels: GPUBuffer;
  /** The classes that those of the scores are merged into. Default: none are merged. */
  readonly merged?: MergedClasses | undefined;
}

/**
 * The launch that labels each pixel of a batch with the class of its largest score. Of equal scores the first class
 * wins. Where classes are merged, the scores of those that become one are added before, so they should be
 * probabilities.
 */
export function argMaxDispatch(
  gpu: Gpu,
  batch: ScoreBatch,
  scores: ScoreOptions,
  { views, labels, merged }: ArgMaxBuffers,
): Promise<Dispatch> {
  // Where the text for each class would be long, the scores are computed as for many classes.
  const asMany = merged?.asMany === true ? { ...scores, classes: 255 } : scores;
  const perClass = merged === undefined ? 0 : batch.views.length + 3;
  const run = pixelsPerInvocation(batch, asMany, { scorings: 1, perClass });
  const top = merged === undefined ? { TOP: "lib/top_class.wgsl" } : scoreIncludes(asMany, { TOP: "top_merged" });
  return gpu.dispatch(
    { name: "selftraining/arg_max", text: shader, includes: { ...scoreIncludes(asMany), ...top } },
    { ...scoreConstants(batch, scores), ...mergeConstants(merged), RUN: run },
    [batch.logits, views, scores.prior ?? batch.logits, labels, ...(merged === undefined ? [] : [merged.table])],
    grid(Math.ceil(batch.images * batch.height * batch.width / run), 64),
  );
}
