/**
 * What a training step costs beside its kernels: the time in which the GPU does nothing for it, and the first step of a
 * program that has compiled nothing yet.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Gpu } from "../src/gpu/gpu.ts";
import { ReferenceRun } from "./reference.ts";
import { median } from "./timing.ts";

/** What `bench overhead` finds. */
export interface OverheadReport {
  /** Median time of a reference step, until its loss is in the CPU's hands. */
  readonly stepMs: number;
  /** Median share of it in which the GPU does nothing: encoding, submitting, waiting. `null` without timestamps. */
  readonly outsideKernels: number | null;
  /**
   * From the start of a program to the loss of its first reference step, with an empty cache of Mesa's compiler (other
   * drivers keep theirs). `null` where no program may be started.
   */
  readonly firstStepMs: number | null;
}

/** Measures both; `runs` of the step after a warm-up. */
export async function benchOverhead(gpu: Gpu, { runs }: { readonly runs: number }): Promise<OverheadReport> {
  let busySeconds = 0;
  if (gpu.hasTimestamps) {
    gpu.timeSubmissions(() => ({ isSampled: false, take: ({ seconds }) => busySeconds += seconds }));
  }
  using run = await ReferenceRun.open(gpu);
  const times: number[] = [];
  const shares: number[] = [];
  for (let index = 0; index <= runs; index++) {
    await gpu.collectTimes();
    busySeconds = 0;
    const start = performance.now();
    run.submitStep();
    await run.loss();
    const milliseconds = performance.now() - start;
    await gpu.collectTimes();
    if (index === 0) continue;
    times.push(milliseconds);
    shares.push(Math.max(0, 1 - busySeconds * 1000 / milliseconds));
  }
  return {
    stepMs: median(times),
    outsideKernels: gpu.hasTimestamps ? median(shares) : null,
    firstStepMs: await firstStep(),
  };
}

/** Milliseconds of a program of its own that does one step; `null` where it may not be started. */
async function firstStep(): Promise<number | null> {
  const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const cache = await Deno.makeTempDir({ prefix: "crosswalk-" });
  try {
    const start = performance.now();
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--cached-only", "--config", path("../deno.json")],
        ...["--allow-read", "--allow-env", "--allow-sys", path("first_step.ts")],
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
