/**
 * What a training step costs besides its kernels. One figure is the time in which the GPU does nothing for it. The
 * other is the first step of a program that has compiled nothing yet.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { adapterName } from "../src/gpu/adapters.ts";
import type { Gpu } from "../src/gpu/gpu.ts";
import { ReferenceRun } from "./reference.ts";
import { median } from "../src/gpu/timing.ts";

/** What `bench overhead` finds. */
export interface OverheadReport {
  /**
   * Median time of a reference step. Steps are submitted in a row, and the time ends when the GPU is done with the
   * last.
   */
  readonly stepMs: number;
  /** Median time of a step on the GPU's own clock. `null` without timestamps. */
  readonly kernelsMs: number | null;
  /**
   * Median share of a step in which the GPU does nothing, because the CPU encodes, submits or waits. `null` without
   * timestamps.
   */
  readonly outsideKernels: number | null;
  /**
   * From the start of a program to the loss of its first reference step, with an empty cache of Mesa's compiler (other
   * drivers keep theirs). `null` where no program may be started.
   */
  readonly firstStepMs: number | null;
}

/** Seconds that a timing lasts, about. It submits steps in a row, as training does, and then waits for the last. */
const rowSeconds = 0.5;

/** Measures both. `runs` counts rows of steps after a warm-up. */
export async function benchOverhead(gpu: Gpu, { runs }: { readonly runs: number }): Promise<OverheadReport> {
  let busySeconds = 0;
  if (gpu.hasTimestamps) {
    gpu.timeSubmissions(() => ({ isSampled: false, take: ({ seconds }) => busySeconds += seconds }));
  }
  using run = await ReferenceRun.open(gpu, { inference: false });
  const row = async (steps: number) => {
    busySeconds = 0;
    const start = performance.now();
    for (let step = 0; step < steps; step++) run.submitStep();
    // This is not `gpu.wait()`, because that may fetch timestamps as well.
    await gpu.device.queue.onSubmittedWorkDone();
    const milliseconds = performance.now() - start;
    gpu.check();
    await gpu.collectTimes();
    return { stepMs: milliseconds / steps, kernelsMs: busySeconds * 1000 / steps };
  };
  // The first step compiles. The others tell how long a row must be, and wake up a GPU that saves power.
  let steps = 1;
  for (let warmup = 0; warmup < 3; warmup++) steps = Math.ceil(rowSeconds * 1000 / (await row(steps)).stepMs);
  const rows: Awaited<ReturnType<typeof row>>[] = [];
  for (let index = 0; index < runs; index++) rows.push(await row(steps));
  const shares = rows.map(({ stepMs, kernelsMs }) => Math.max(0, 1 - kernelsMs / stepMs));
  return {
    stepMs: median(rows.map(({ stepMs }) => stepMs)),
    kernelsMs: gpu.hasTimestamps ? median(rows.map(({ kernelsMs }) => kernelsMs)) : null,
    outsideKernels: gpu.hasTimestamps ? median(shares) : null,
    firstStepMs: await firstStep(gpu),
  };
}

/** Milliseconds of a program of its own that does one step; `null` where it may not be started. */
async function firstStep(gpu: Gpu): Promise<number | null> {
  const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const cache = await Deno.makeTempDir({ prefix: "crosswalk-" });
  try {
    const start = performance.now();
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--cached-only", "--config", path("../deno.json")],
        ...["--allow-read", "--allow-env", "--allow-sys", path("first_step.ts"), adapterName(gpu.info)],
      ],
      env: { MESA_SHADER_CACHE_DIR: cache },
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`The first step failed: ${new TextDecoder().decode(stderr).trim()}`);
    return performance.now() - start;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}
