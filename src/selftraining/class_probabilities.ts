/**
 * The probability of every class at every pixel. Maps of this size are never stored on the GPU: they are computed and
 * read a few rows at a time.
 *
 * @module
 */

import shader from "../../shaders/selftraining/class_probabilities.wgsl" with { type: "text" };
import { BufferScope } from "../gpu/buffer_scope.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { grid } from "../gpu/launch.ts";
import { type ScoreBatch, scoreConstants, type ScoreOptions, viewsBuffer } from "./scores.ts";

/** Bytes of probabilities that are computed and read together, where the caller says nothing. */
const defaultBytes = 32 * 2 ** 20;

/** Probabilities of some pixels that follow each other. */
export interface ProbabilityPiece {
  /** The first of the pixels, counted through the rows and the images of the batch. */
  readonly first: number;
  /** `[C, n]`, of n pixels. */
  readonly values: Float32Array<ArrayBuffer>;
}

/**
 * Computes the class probabilities of a batch: the scores that its labels follow from, in pieces of whole pixels. The
 * batch's buffers must stay until the last piece.
 *
 * @param bytesAtOnce most bytes of a piece that has more than one pixel. Default 32 MiB.
 */
export async function* classProbabilities(
  gpu: Gpu,
  batch: ScoreBatch,
  scores: ScoreOptions,
  bytesAtOnce: number = defaultBytes,
): AsyncGenerator<ProbabilityPiece> {
  const { classes } = scores;
  const pixels = batch.images * batch.height * batch.width;
  const most = Math.min(pixels, Math.max(1, Math.floor(Math.min(bytesAtOnce, gpu.maxBindingBytes) / (classes * 4))));
  using buffers = new BufferScope(gpu);
  const views = viewsBuffer(gpu, batch, scores);
  using _views = { [Symbol.dispose]: () => gpu.destroyBuffer(views) };
  const range = buffers.create(8, "range of pixels");
  const y = buffers.create(most * classes * 4, "class probabilities");
  for (let first = 0; first < pixels; first += most) {
    const count = Math.min(most, pixels - first);
    gpu.write(range, Uint32Array.of(first, count));
    gpu.submit([
      await gpu.dispatch(
        { name: "selftraining/class_probabilities", text: shader },
        scoreConstants(batch, scores),
        [batch.logits, views, scores.prior ?? batch.logits, range, y],
        grid(count, 64),
      ),
    ]);
    const [bytes = new Uint8Array()] = await gpu.read({ buffer: y, offset: 0, size: count * classes * 4 });
    yield { first, values: new Float32Array(bytes.buffer) };
  }
}
