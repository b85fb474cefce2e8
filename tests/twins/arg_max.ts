/**
 * Interpolation and arg max in plain loops: the definition that the kernel is tested against.
 *
 * @module
 */

import { between, interpolate } from "./interpolation.ts";

/** For each output pixel: the first class with the largest interpolated logit, and its lead over the next. */
export function argMax(
  logits: ArrayLike<number>,
  shape: readonly number[],
  [height, width]: readonly [number, number],
  alignCorners: boolean,
): { label: number; lead: number }[] {
  const [batch = 1, classes = 1, h = 1, w = 1] = shape;
  const result: { label: number; lead: number }[] = [];
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < height; i++) {
      const vertical = between(i, h, height, alignCorners);
      for (let j = 0; j < width; j++) {
        const horizontal = between(j, w, width, alignCorners);
        const values = Array.from(
          { length: classes },
          (_, c) => interpolate(logits, (n * classes + c) * h * w, [h, w], vertical, horizontal),
        );
        const largest = Math.max(...values);
        const label = values.indexOf(largest);
        result.push({ label, lead: largest - Math.max(-Infinity, ...values.filter((_, c) => c !== label)) });
      }
    }
  }
  return result;
}
