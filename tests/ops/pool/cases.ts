/**
 * Shapes and windows that both kinds of pooling are tested with.
 *
 * @module
 */

import type { PoolOptions } from "../../../src/ops/pool/geometry.ts";

/** A pooling under a name. */
export interface PoolCase extends PoolOptions {
  readonly name: string;
  readonly input: readonly number[];
  /** Height and width that PyTorch gives. */
  readonly output: readonly [number, number];
}

/** Odd sides, channels that are no multiple of 4, ceil mode with and without a window that starts in the padding. */
export const poolCases: PoolCase[] = [
  { name: "2×2 windows", input: [2, 8, 6, 4], kernel: 2, output: [3, 2] },
  { name: "3×3 windows, stride 2, padding 1", input: [3, 5, 9, 8], kernel: 3, stride: 2, padding: 1, output: [5, 4] },
  {
    name: "3×3 windows, stride 2, padding 1 in ceil mode",
    input: [2, 6, 10, 7],
    kernel: 3,
    stride: 2,
    padding: 1,
    ceilMode: true,
    output: [6, 4],
  },
  {
    name: "a last window in ceil mode that would start in the padding",
    input: [1, 4, 5, 6],
    kernel: 2,
    stride: 2,
    padding: 1,
    ceilMode: true,
    output: [3, 4],
  },
  { name: "overlapping 5×5 windows", input: [1, 3, 7, 6], kernel: 5, stride: 1, padding: 2, output: [7, 6] },
  {
    name: "5×5 windows, stride 4, padding 2 in ceil mode",
    input: [2, 5, 13, 11],
    kernel: 5,
    stride: 4,
    padding: 2,
    ceilMode: true,
    output: [4, 4],
  },
  { name: "7×7 windows, stride 6, padding 3", input: [1, 3, 15, 20], kernel: 7, stride: 6, padding: 3, output: [3, 4] },
  { name: "windows with gaps", input: [1, 4, 8, 7], kernel: 2, stride: 3, ceilMode: true, output: [3, 3] },
  { name: "a 2×3 window", input: [2, 4, 5, 6], kernel: [2, 3], stride: 2, output: [2, 2] },
  {
    name: "padding on one side",
    input: [1, 4, 6, 5],
    kernel: 3,
    stride: 2,
    padding: { top: 0, bottom: 1, left: 1, right: 0 },
    output: [3, 2],
  },
  { name: "a 1×1 image", input: [1, 1, 1, 1], kernel: 3, stride: 2, padding: 1, output: [1, 1] },
];
