/**
 * The Worker of the benchmark: checks every kernel of the engine on the visitor's adapter, and times them as `crosswalk
 * bench kernels` does.
 *
 * @module
 */

import { benchKernels } from "../../bench/kernels.ts";
import { kernelQuestions } from "../../bench/questions.ts";
import { errorText } from "../errors.ts";
import { adapterName } from "../gpu/adapters.ts";
import { Gpu } from "../gpu/gpu.ts";
import { bytesText } from "../report/units.ts";
import { measurePeaks } from "../selftest/peaks.ts";
import { selfTest, selfTestCases } from "../selftest/self_test.ts";
import type { BenchCommand, BenchEvent } from "./bench_messages.ts";

/** How many timings each row is the median of. */
const runs = 3;

function tell(event: BenchEvent): void {
  self.postMessage(event);
}

async function open(): Promise<Gpu | null> {
  try {
    const gpu = await Gpu.open();
    const rows = [...new Set(kernelQuestions().map(({ kernel }) => kernel))];
    tell({ type: "ready", facts: factsOf(gpu), rows });
    return gpu;
  } catch (error) {
    tell({ type: "unsupported", text: errorText(error) });
    return null;
  }
}

/** What decides how fast it is and which kernels could run, without anything that tells one visitor from another. */
function factsOf({ info, device, kind }: Gpu): [string, string][] {
  const { limits, features } = device;
  return [
    ["adapter", `${adapterName(info)}, ${kind.software ? "software" : "hardware"}`],
    ["vendor, architecture", [info.vendor, info.architecture].map((text) => text || "–").join(", ")],
    ["browser", navigator.userAgent],
    ["threads", String(navigator.hardwareConcurrency)],
    ["largest binding", bytesText(limits.maxStorageBufferBindingSize)],
    ["workgroup memory", bytesText(limits.maxComputeWorkgroupStorageSize)],
    ["invocations of a workgroup", String(limits.maxComputeInvocationsPerWorkgroup)],
    ["features", [...features].sort().join(", ") || "none beyond the standard"],
  ];
}

const opened = open();

self.addEventListener("message", async ({ data }: MessageEvent<BenchCommand>) => {
  using gpu = await opened;
  if (gpu === null) return;
  const start = performance.now();
  try {
    await bench(gpu, data);
    tell({ type: "done", seconds: (performance.now() - start) / 1000 });
  } catch (error) {
    tell({ type: "failed", text: errorText(error) });
  }
});

async function bench(gpu: Gpu, { check, time }: BenchCommand): Promise<void> {
  tell({ type: "progress", stage: "Measuring the peaks", done: 0, total: 1 });
  const peaks = await measurePeaks(gpu);
  tell({ type: "peaks", peaks });
  if (check) {
    const stage = "Checking the kernels";
    tell({ type: "progress", stage, done: 0, total: 1 });
    const cases = await selfTestCases();
    let done = 0;
    await selfTest(gpu, (result) => {
      tell({ type: "checked", result });
      done += result.cases;
      tell({ type: "progress", stage, done, total: cases.length });
    }, cases);
  }
  const questions = kernelQuestions().filter(({ kernel }) => time === "all" || kernel === time);
  const stage = "Timing the kernels";
  let done = 0;
  if (questions.length > 0) tell({ type: "progress", stage, done, total: questions.length });
  await benchKernels(gpu, peaks, {
    ...{ runs, questions },
    onRow: (row) => {
      tell({ type: "timed", row });
      tell({ type: "progress", stage, done: ++done, total: questions.length });
    },
  });
}
