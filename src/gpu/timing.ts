/**
 * Timing of kernels. One submission repeats the launches many times, because a wait alone costs 11 ms in Deno.
 *
 * @module
 */

import type { Gpu } from "./gpu.ts";
import type { Dispatch } from "./launch.ts";

/**
 * Median seconds of one run of these launches, after a warm-up (drivers compile at the first launch).
 *
 * @param options `runs`: how many timings the median is of, default 3. `atLeastSeconds`: each timing repeats the
 * launches for about so long, default 0.1. `others`: called after each timing, so that other engines take their turn;
 * it is told how often the launches were repeated, and how long a wait for nothing takes, which is not counted.
 */
export async function secondsPerRun(
  gpu: Gpu,
  dispatches: readonly Dispatch[],
  options: {
    readonly runs?: number;
    readonly atLeastSeconds?: number;
    readonly others?: (repeats: number, waitSeconds: number) => Promise<void>;
  } = {},
): Promise<number> {
  const { runs = 3, atLeastSeconds = 0.1, others } = options;
  gpu.submit(dispatches);
  await gpu.wait();
  const floor = await timed(gpu, []);
  const once = Math.max(1e-5, await timed(gpu, dispatches) - floor);
  const repeats = Math.min(2000, Math.max(1, Math.ceil(atLeastSeconds / once)));
  const repeated = Array.from({ length: repeats }, () => dispatches).flat();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    times.push((await timed(gpu, repeated) - floor) / repeats);
    await others?.(repeats, floor);
  }
  return median(times);
}

/** Seconds from submitting these launches to their end, the waiting itself included. */
export async function timed(gpu: Gpu, dispatches: readonly Dispatch[]): Promise<number> {
  const start = performance.now();
  gpu.submit(dispatches);
  await gpu.wait();
  return (performance.now() - start) / 1000;
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}
