/**
 * Whether an adapter is a GPU or software on the CPU. This is measured: what an adapter says of itself may be missing
 * or wrong.
 *
 * A GPU runs the invocations of a workgroup side by side. Software runs them one after another, as many at a time as a
 * vector of the CPU has lanes. So two launches are timed: a long chain of dependent multiply-adds in one invocation,
 * then such chains in all 256 invocations of a workgroup. A GPU takes hardly longer for all of them, because it waits
 * most of the time for the results of one chain: 1 to 3 times as long, as 256 invocations share 64 to 128 lanes. A CPU
 * takes 256 / lanes times as long: 16 to 64 times.
 *
 * @module
 */

import shader from "../../shaders/gpu/adapter_kind.wgsl" with { type: "text" };
import type { Gpu } from "./gpu.ts";
import type { Dispatch } from "./launch.ts";
import type { SubmissionTime } from "./submission_times.ts";

/** What kind of adapter it is. */
export interface AdapterKind {
  /** Whether it is software: the invocations of a workgroup run one after another, on the CPU. */
  readonly software: boolean;
  /** How many times as long a workgroup of 256 takes as one invocation. Absent where the caller stated the kind. */
  readonly ratio?: number;
}

const invocations = 256;
/**
 * Iterations of the loop when one invocation runs. They take 1 to 3 ms on most adapters, and stay below the 60,000 that
 * all drivers allow.
 */
const trips = 48_000;
/**
 * The ratio that separates the two kinds. A workgroup gets this many times fewer iterations, so it is a GPU if the
 * launch of one invocation takes longer than that of the workgroup.
 */
const limit = 8;
/**
 * A ratio this many times above or below the limit is sure. A nearer one is measured again: other programs may have
 * held the launches up.
 */
const margin = 2;
/** How often each launch is timed before the ratio is computed. The fastest times count. */
const runs = 4;
const mostRuns = 16;

/**
 * Measures what kind of adapter a device is on. It takes some 50 ms and the time to compile the shader, or longer while
 * other programs disturb.
 *
 * @param hasTimestamps whether to time by the GPU's own clock; otherwise by waiting.
 */
export async function measureKind(gpu: Gpu, hasTimestamps: boolean = gpu.hasTimestamps): Promise<AdapterKind> {
  const source = { name: "gpu/adapter_kind", text: shader };
  const sums = gpu.createBuffer(invocations * 4, "sums");
  const one = gpu.createBuffer(invocations * 4, "trips of one");
  const all = gpu.createBuffer(invocations * 4, "trips of all");
  try {
    gpu.write(one, Uint32Array.of(trips));
    gpu.write(all, new Uint32Array(invocations).fill(trips / limit));
    const dispatchOne = await gpu.dispatch(source, {}, [one, sums], [1, 1, 1]);
    const dispatchAll = await gpu.dispatch(source, {}, [all, sums], [1, 1, 1]);
    const pairs = Array.from({ length: runs }, () => [dispatchOne, dispatchAll]).flat();
    const seconds: number[] = [];
    let ratio = limit;
    while (seconds.length < 2 * mostRuns && ratio > limit / margin && ratio < limit * margin) {
      seconds.push(...await (hasTimestamps ? timedSeconds : waitedSeconds)(gpu, pairs));
      const fastest = (remainder: number) => Math.min(...seconds.filter((_, index) => index % 2 === remainder));
      ratio = limit * fastest(1) / fastest(0);
    }
    return { software: ratio > limit, ratio };
  } finally {
    for (const buffer of [sums, one, all]) gpu.destroyBuffer(buffer);
    gpu.resetPeak();
  }
}

async function timedSeconds(gpu: Gpu, dispatches: readonly Dispatch[]): Promise<number[]> {
  let seconds: number[] = [];
  const take = ({ launches = [] }: SubmissionTime) => seconds = launches.map((launch) => launch.seconds);
  gpu.timeSubmissions(() => ({ isSampled: true, take }));
  gpu.submit(dispatches);
  await gpu.collectTimes();
  gpu.timeSubmissions(null);
  return seconds;
}

/**
 * How often a launch is repeated where waiting tells the time, since that is coarse: Deno sleeps 10 ms in a wait, and
 * browsers round to 1 ms.
 */
const waitedRepeats = 8;

async function waitedSeconds(gpu: Gpu, dispatches: readonly Dispatch[]): Promise<number[]> {
  const seconds: number[] = [];
  for (const dispatch of dispatches) {
    const start = performance.now();
    gpu.submit(Array.from({ length: waitedRepeats }, () => dispatch));
    await gpu.wait();
    seconds.push((performance.now() - start) / 1000);
  }
  return seconds;
}
