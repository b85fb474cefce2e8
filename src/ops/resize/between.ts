/**
 * Which rows of an image an interpolated row is computed from, as `shaders/lib/bilinear.wgsl` computes it. This tells
 * which rows a slice needs.
 *
 * @module
 */

import type { Range } from "../../graph/slices.ts";
import { refuse } from "../refuse.ts";

/** An interpolation along one axis. */
export interface Interpolation {
  /** Number of rows before the interpolation. */
  readonly inputSize: number;
  /** Number of rows after it. */
  readonly outputSize: number;
  /** Whether the first and last pixels of both grids coincide. */
  readonly alignCorners: boolean;
}

/** The product of two sizes that the shader's whole numbers do not hold, but for equal sizes, where nothing is computed. */
const tooLargeProduct = 2 ** 30;

/** Why maps cannot be interpolated from one size `[rows, columns]` to another; `null` where they can. */
export function interpolationProblem(from: readonly number[], to: readonly number[]): string | null {
  const axis = from.findIndex((size, axis) => size !== to[axis] && size * (to[axis] ?? 1) >= tooLargeProduct);
  if (axis < 0) return null;
  const side = axis === 0 ? "rows" : "columns";
  return `${from[axis]} ${side} cannot be interpolated to ${to[axis]}: the product of both must be below 2^30`;
}

/**
 * Checks the sizes `[rows, columns]` before and after an interpolation.
 *
 * @throws {RangeError} naming the op, the layer and the side, if they are too large.
 */
export function requireInterpolation(op: string, from: readonly number[], to: readonly number[]): void {
  const problem = interpolationProblem(from, to);
  if (problem !== null) refuse(op, problem);
}

/** The input rows that these output rows are interpolated from. */
export function rowsBetween({ first, count }: Range, axis: Interpolation): Range {
  if (count === axis.outputSize) return { first: 0, count: axis.inputSize };
  const low = lowerRow(first, axis);
  const isSame = axis.inputSize === axis.outputSize;
  const high = Math.min(lowerRow(first + count - 1, axis) + (isSame ? 0 : 1), axis.inputSize - 1);
  return { first: low, count: high - low + 1 };
}

/** The output rows that are interpolated from any of these input rows. */
export function rowsTouching({ first, count }: Range, axis: Interpolation): Range {
  if (count === axis.inputSize) return { first: 0, count: axis.outputSize };
  const rows = Array.from({ length: axis.outputSize }, (_, row) => row).filter((row) => {
    const low = lowerRow(row, axis);
    return low >= first - 1 && low < first + count;
  });
  const start = rows[0] ?? 0;
  return { first: start, count: Math.max(1, (rows.at(-1) ?? start) - start + 1) };
}

/** The first of the two input rows from which an output row is interpolated. */
function lowerRow(index: number, { inputSize, outputSize, alignCorners }: Interpolation): number {
  if (inputSize === outputSize) return index;
  const [numerator, denominator] = alignCorners
    ? [index * (inputSize - 1), Math.max(outputSize, 2) - 1]
    : [Math.max(0, (2 * index + 1) * inputSize - outputSize), 2 * outputSize];
  return Math.min(Math.floor(numerator / denominator), inputSize - 1);
}
