/**
 * A threshold for each class in each ring around a sensor. Points far away are few, and networks are less sure of them;
 * with one threshold per class, most labels would be near.
 *
 * @module
 */

import { miningClasses } from "../data/mining.ts";
import type { SelectionSettings, Thresholds } from "./thresholds.ts";

/**
 * The thresholds of all rings as one report.
 *
 * @param rings the thresholds of each ring, from the nearest to the farthest. Without rings it is a single one.
 */
export function thresholdsOfRings(
  rings: readonly Thresholds[],
  { ringMetres: metres = 0 }: SelectionSettings,
): Thresholds {
  const [first, ...others] = rings;
  if (first === undefined) throw new RangeError("There are no thresholds without a ring");
  if (others.length === 0 && metres === 0) return first;
  const overRings = (join: (a: number, b: number) => number, pick: (ring: Thresholds) => ArrayLike<number>) =>
    Array.from(first.lambda, (_, id) => rings.map((ring) => pick(ring)[id] ?? 0).reduce((a, b) => join(a, b)));
  const sum = (pick: (ring: Thresholds) => ArrayLike<number>) => overRings((a, b) => a + b, pick);
  const size = sum(({ mine }) => mine.size);
  return {
    ...first,
    n_pixels: sum(({ n_pixels }) => n_pixels),
    n_sampled: sum(({ n_sampled }) => n_sampled),
    list_len: sum(({ list_len }) => list_len),
    rank: sum(({ rank }) => rank),
    // Where a ring has no threshold, the value is 0, and the other's counts.
    lambda_raw: Float32Array.from(overRings((a, b) => Math.min(a || b, b || a), ({ lambda_raw }) => lambda_raw)),
    lambda: Float32Array.from(overRings(Math.min, ({ lambda }) => lambda)),
    mine: { size, ...miningClasses(size) },
    rings: {
      metres,
      n_pixels: rings.map(({ n_pixels }) => n_pixels),
      n_sampled: rings.map(({ n_sampled }) => n_sampled),
      rank: rings.map(({ rank }) => rank),
      lambda: rings.map(({ lambda }) => lambda),
    },
  };
}

/** All thresholds by which pixels are labelled: of each class, or ring after ring of each class in it. */
export function allThresholds({ lambda, rings }: Pick<Thresholds, "lambda" | "rings">): Float32Array<ArrayBuffer> {
  if (rings === undefined) return lambda;
  return Float32Array.from(rings.lambda.flatMap((values) => [...values]));
}
