/**
 * Which rows of an image an interpolated row is computed from, as `shaders/lib/bilinear.wgsl` computes it. This tells
 * which rows a slice needs.
 *
 * @module
 */

import type { Range } from "../../graph/slices.ts";

/** An interpolation along one axis. */
export interface Interpolation {
  /** Number of rows before the interpolation. */
  readonly inputSize: number;
  /** Number of rows after it. */
  readonly outputSize: number;
  /** Whether the first and last pixels of both grids coincide. */
  readonly alignCorners: boolean;
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
