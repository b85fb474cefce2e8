/**
 * What `bench --submit` prints: one Markdown block for a report, with the adapter, what it reaches in every kernel, and
 * the reference workload.
 *
 * @module
 */

import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { basename } from "node:path";
import process from "node:process";
import configuration from "../deno.json" with { type: "json" };
import { adapterName, findAdapter } from "../src/gpu/adapters.ts";
import type { Gpu } from "../src/gpu/gpu.ts";
import { bytesText } from "../src/report/units.ts";
import { benchKernels, type KernelRow } from "./kernels.ts";
import { kernelTable, markdownTable } from "./markdown.ts";
import { benchMemory, type MemoryReport } from "./memory.ts";
import { measurePeaks, type Peaks } from "../src/selftest/peaks.ts";
import { benchStep } from "./step.ts";
import type { StepReport } from "./step_report.ts";

/** Everything that the block says. */
export interface Submission {
  /** What was measured on, as names and texts. */
  readonly machine: readonly (readonly [name: string, value: string])[];
  readonly peaks: Peaks;
  readonly kernels: readonly KernelRow[];
  readonly step: StepReport["ours"];
  readonly memory: MemoryReport;
}

/** Features that decide which kernels an adapter could run. */
const shownFeatures = ["subgroups", "shader-f16", "timestamp-query"] as const;

/** Limits that decide what can run, as the adapter offers them. */
const shownLimits = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxStorageBuffersPerShaderStage",
] as const;

/**
 * Measures kernels, the reference step and its memory.
 *
 * @param options `runs` of the step after its warm-up; `say` is called with what is being measured.
 * @throws {Error} if a result is wrong.
 */
export async function measureSubmission(
  gpu: Gpu,
  { runs, say }: { readonly runs: number; readonly say: (text: string) => void },
): Promise<Submission> {
  const machine = await describeMachine(adapterName(gpu.info));
  const peaks = await measurePeaks(gpu);
  const kernels = await benchKernels(gpu, peaks, {
    runs,
    onRow: ({ kernel, direction }) => say(`${kernel}  ${direction}`),
  });
  const { ours } = await benchStep(gpu, { runs, peers: [], say });
  return { machine, peaks, kernels, step: ours, memory: await benchMemory(gpu, { tfjs: false }) };
}

/** The adapter, its driver, limits and features, versions, and the machine, without paths or names of users. */
export async function describeMachine(name: string): Promise<Submission["machine"]> {
  const adapter = await findAdapter(name);
  if (adapter === null) throw new Error("No WebGPU adapter was found");
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const drivers = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  return [
    ["adapter", `${description || "without description"}, ${isFallbackAdapter ? "software" : "hardware"}`],
    ["vendor, architecture, device", [vendor, architecture, device].map((text) => text || "–").join(", ")],
    ["driver", drivers?.split(/[:;]/).map((path) => basename(path)).join(", ") ?? "chosen by the system"],
    ["backend", process.env.DENO_WEBGPU_BACKEND ?? "chosen by Deno"],
    ...shownLimits.map((name) => [name, limitText(name, adapter.limits[name])] as const),
    ...shownFeatures.map((name) => [name, adapter.features.has(name) ? "yes" : "no"] as const),
    ["Crosswalk", configuration.version],
    ["Deno", Deno.version.deno],
    ["system", `${type()} ${release()}, ${process.arch}`],
    ["CPU, memory", `${availableParallelism()} × ${cpus()[0]?.model.trim() || "unknown"}, ${bytesText(totalmem())}`],
  ];
}

function limitText(name: string, value: number): string {
  return name.endsWith("Size") ? bytesText(value) : String(value);
}

/** The block. */
export function submissionText({ machine, peaks, kernels, step, memory }: Submission): string {
  return [
    "### crosswalk bench --submit",
    "",
    ...markdownTable([
      ["what", "value"],
      ...machine,
      ["multiply-add peak", `${peaks.gflops.toFixed(1)} GFLOP/s`],
      ["copy peak", `${peaks.gigabytesPerSecond.toFixed(1)} GB/s`],
      ["reference step", `${step.stepMs.toFixed(1)} ms, ${step.gflops.toFixed(1)} GFLOP/s`],
      ["reference inference", `${step.forwardMs.toFixed(1)} ms`],
      [
        "memory of the step",
        `${bytesText(memory.stepBytes)}, ${memory.overLowerBound.toFixed(2)} of the least possible`,
      ],
    ]),
    "",
    ...markdownTable(kernelTable(kernels)),
  ].join("\n");
}
