/**
 * The class of the largest score of every pixel. That is what prediction gives: no confidence and no threshold takes
 * part.
 *
 * @module
 */

import shader from "../../shaders/selftraining/arg_max.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import { type Dispatch, grid } from "../gpu/launch.ts";
import { pixelsPerInvocation, type ScoreBatch, scoreConstants, scoreIncludes, type ScoreOptions } from "./scores.ts";

/**
 * The launch that labels each pixel of a batch with the class of its largest score. Of equal scores the first class
 * wins.
 *
 * @param buffers `views` as `viewsBuffer` makes them; `labels` `[N, H, W]`, one byte per pixel, padded to whole 4-byte
 * words.
 */
export function argMaxDispatch(
  gpu: Gpu,
  batch: ScoreBatch,
  scores: ScoreOptions,
  { views, labels }: Readonly<Record<"views" | "labels", GPUBuffer>>,
): Promise<Dispatch> {
  const run = pixelsPerInvocation(batch, scores, { scorings: 1, perClass: 0 });
  return gpu.dispatch(
    { name: "selftraining/arg_max", text: shader, includes: scoreIncludes(scores) },
    { ...scoreConstants(batch, scores), RUN: run },
    [batch.logits, views, scores.prior ?? batch.logits, labels],
    grid(Math.ceil(batch.images * batch.height * batch.width / run), 64),
  );
}
