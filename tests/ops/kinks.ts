/**
 * Inputs that stay away from the kinks of activations, where rounding decides the derivative.
 *
 * @module
 */

/** The first seed from 1 for which no value of `values(seed)` lies within 1e-3 of a kink. */
export function seedAwayFromKinks(kinks: readonly number[], values: (seed: number) => ArrayLike<number>): number {
  for (let seed = 1; seed < 1000; seed++) {
    const near = Array.from(values(seed)).some((value) => kinks.some((kink) => Math.abs(value - kink) < 1e-3));
    if (!near) return seed;
  }
  throw new Error("No seed of 1 to 999 keeps all values away from the kinks: take fewer elements");
}
