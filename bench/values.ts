/**
 * Inputs of kernels that are timed.
 *
 * @module
 */

import { Random } from "../src/random.ts";

/** One block of random numbers, repeated to fill a shape: making millions would take longer than timing the kernels. */
export function repeatedRandom(
  shape: readonly number[],
  name: string,
  draw: (random: Random, index: number) => number,
): Float32Array<ArrayBuffer> {
  const random = new Random(1, name);
  const block = Float32Array.from({ length: 997 }, (_, index) => draw(random, index));
  const count = shape.reduce((product, side) => product * side, 1);
  return Float32Array.from({ length: count }, (_, index) => block[index % block.length] ?? 0);
}
