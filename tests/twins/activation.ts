/**
 * Activations in plain numbers.
 *
 * @module
 */

import type { Activation } from "../../src/ops/activation/kind.ts";

/** f(x) of one number. */
export function activate(x: number, kind: Activation): number {
  if (kind === "none") return x;
  if (kind === "relu") return Math.max(x, 0);
  if (kind === "relu6") return Math.min(Math.max(x, 0), 6);
  return x > 0 ? x : kind.leakyRelu * x;
}

/** f of each element. */
export function activation(x: ArrayLike<number>, kind: Activation): Float64Array {
  return Float64Array.from(x, (value) => activate(value, kind));
}

/** Where the derivative jumps. */
export function kinks(kind: Activation): number[] {
  if (kind === "none") return [];
  return kind === "relu6" ? [0, 6] : [0];
}
