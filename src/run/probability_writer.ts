/**
 * Class probabilities of an image as a .npy file, written piece by piece.
 *
 * @module
 */

import { NpyWriter } from "../disk/npy_files.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { classProbabilities } from "../selftraining/class_probabilities.ts";
import type { ScoreBatch, ScoreOptions } from "../selftraining/scores.ts";

/**
 * Writes the probabilities `[C, H, W]` of a batch of one image as float32.
 *
 * @throws {Error} naming the file, if it cannot be written. An older one is kept then.
 */
export async function writeProbabilities(
  gpu: Gpu,
  path: string,
  batch: ScoreBatch,
  scores: ScoreOptions,
): Promise<void> {
  const { height, width } = batch;
  const { classes } = scores;
  using file = new NpyWriter(path, [classes, height, width], "f4");
  for await (const { first, values } of classProbabilities(gpu, batch, scores)) {
    const count = values.length / classes;
    for (let id = 0; id < classes; id++) {
      file.put(id * height * width + first, values.subarray(id * count, (id + 1) * count));
    }
  }
  file.finish();
}
