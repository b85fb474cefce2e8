/**
 * A spatial prior from a file: .npy, floats `[C, H, W]` at any resolution.
 *
 * @module
 */

import { NpyFile } from "../disk/npy_files.ts";
import type { PriorMaps } from "../selftraining/spatial_prior.ts";

/**
 * Reads the file.
 *
 * @param classes how many maps it must have.
 * @throws {Error} naming the file and what is wrong: its shape, or a value that is negative or not finite.
 */
export function readPrior(path: string, classes: number): PriorMaps {
  using file = new NpyFile(path);
  const { shape } = file.header;
  const [maps, height = 0, width = 0] = shape;
  if (shape.length !== 3 || maps !== classes || height * width === 0) {
    throw new Error(`Cannot use the prior ${path}: it is [${shape.join(", ")}], expected [${classes}, height, width]`);
  }
  const values = file.floats(0, classes * height * width);
  const wrong = values.findIndex((value) => !(value >= 0 && value < Infinity));
  if (wrong >= 0) {
    throw new Error(`Cannot use the prior ${path}: value ${wrong} is ${values[wrong]}, expected 0 or more`);
  }
  return { values, height, width };
}
