/**
 * `crosswalk bench`: the adapter's peaks, and every kernel against them.
 *
 * @module
 */

import { benchKernels, type KernelRow } from "../../bench/kernels.ts";
import { measurePeaks } from "../../bench/peaks.ts";
import { readArguments } from "./arguments.ts";
import { openGpu } from "./open.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("bench", args);
  const json = settings.flag("json");
  using gpu = await openGpu();
  const peaks = await measurePeaks(gpu);
  const adapter = gpu.info.description || gpu.info.vendor;
  if (!json) {
    console.log(
      `${adapter}: multiply-add peak ${peaks.gflops.toFixed(1)} GFLOP/s, copy peak ${
        peaks.gigabytesPerSecond.toFixed(1)
      } GB/s\n`,
    );
  }
  const kernels = await benchKernels(gpu, peaks, (row) => {
    if (!json) console.log(rowText(row));
  });
  if (json) console.log(JSON.stringify({ adapter, peaks, kernels }));
  return 0;
}

function rowText({ kernel, direction, milliseconds, gflops, gigabytesPerSecond, shareOfPeak }: KernelRow): string {
  const speed = gflops === null ? `${gigabytesPerSecond.toFixed(1)} GB/s` : `${gflops.toFixed(1)} GFLOP/s`;
  return [
    kernel.padEnd(50),
    direction.padEnd(8),
    `${milliseconds.toFixed(2)} ms`.padStart(11),
    speed.padStart(14),
    `${(shareOfPeak * 100).toFixed(0)} %`.padStart(6),
  ].join("  ");
}
