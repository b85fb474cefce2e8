/**
 * The class of the largest score of every pixel: what prediction says, with no confidence and no threshold.
 *
 * @module
 */

import shader from "../../shaders/selftraining/arg_max.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import { type Dispatch, grid } from "../gpu/launch.ts";
import { type ScoreBatch, scoreConstants, type ScoreOptions } from "./scores.ts";

/** Pixels that one invocation walks over. */
const run = 32;

/**
 * The launch that labels each pixel of a batch with the class of its largest score, the first on ties.
 *
 * @param buffers `views` as `viewsBuffer` makes them; `labels` `[N, H, W]`, a byte each, in whole words.
 */
export function argMaxDispatch(
  gpu: Gpu,
  batch: ScoreBatch,
  scores: ScoreOptions,
  { views, labels }: Readonly<Record<"views" | "labels", GPUBuffer>>,
): Promise<Dispatch> {
  return gpu.dispatch(
    { name: "selftraining/arg_max", text: shader },
    { ...scoreConstants(batch, scores), RUN: run },
    [batch.logits, views, scores.prior ?? batch.logits, labels],
    grid(Math.ceil(batch.images * batch.height * batch.width / run), 64),
  );
}
