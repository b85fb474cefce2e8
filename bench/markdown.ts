/**
 * Measurements as Markdown, to paste into a report.
 *
 * @module
 */

import type { KernelRow } from "./kernels.ts";

/** Rows as a Markdown table, the first being its header. */
export function markdownTable([header = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)];
}

/** Times of kernels as rows of such a table, with a header. */
export function kernelTable(kernels: readonly KernelRow[]): string[][] {
  return [
    ["kernel", "direction", "ms", "GFLOP/s", "GB/s", "share of the peak"],
    ...kernels.map(({ kernel, direction, milliseconds, flops, gigabytesPerSecond, shareOfPeak }) => [
      kernel,
      direction,
      milliseconds.toFixed(3),
      (flops / milliseconds / 1e6).toFixed(1),
      gigabytesPerSecond.toFixed(1),
      `${(shareOfPeak * 100).toFixed(0)} %`,
    ]),
  ];
}
