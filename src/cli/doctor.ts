/**
 * `crosswalk doctor`: says what this machine's adapter is and what it can do, and checks every kernel on it.
 *
 * @module
 */

import { freemem, totalmem } from "node:os";
import process from "node:process";
import { measurePeaks } from "../selftest/peaks.ts";
import { type KernelResult, selfTest } from "../selftest/self_test.ts";
import type { AdapterKind } from "../gpu/adapter_kind.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { listAdapters } from "../gpu/adapters.ts";
import { executedTrips } from "../gpu/loop_limit.ts";
import { bytesText } from "../report/units.ts";
import { readArguments } from "./arguments.ts";
import { openGpu } from "./open.ts";
import { shown, terminal } from "../report/terminal.ts";

/** The adapter's limits that decide what can run. */
const shownLimits = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupStorageSize",
  "minStorageBufferOffsetAlignment",
] as const;

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("doctor", args);
  const json = settings.get("json");
  const say = (text: string) => {
    if (!json) terminal.print(text);
  };
  const adapters = (await listAdapters()).map(({ number, name }) => ({ number, name }));
  for (const { number, name } of adapters) {
    say(`${number === 1 ? "adapters   " : "           "}${number} ${shown(name)}`);
  }
  using gpu = await openGpu(settings.get("adapter"));
  const { vendor, architecture, description } = gpu.info;
  const limits = Object.fromEntries(shownLimits.map((name) => [name, gpu.device.limits[name]]));
  const features = [...gpu.device.features].sort();
  say(
    `adapter    ${shown(description) || "without description"} (vendor ${shown(vendor) || "unknown"}${
      architecture ? `, ${architecture}` : ""
    })`,
  );
  const driver = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? null;
  const memory = { totalBytes: totalmem(), freeBytes: freemem() };
  say(`driver     ${shown(driver ?? "chosen by the system")}`);
  say(`memory     ${bytesText(memory.totalBytes)} in this machine, ${bytesText(memory.freeBytes)} of it free`);
  say(`kind       ${kindText(gpu.kind)}`);
  say(`features   ${features.join(", ") || "none beyond the standard"}`);
  for (const [name, value] of Object.entries(limits)) say(`           ${name} ${value}`);
  const peaks = await measurePeaks(gpu);
  say(`peaks      ${peaks.gflops.toFixed(1)} GFLOP/s multiply-add, ${peaks.gigabytesPerSecond.toFixed(1)} GB/s copy`);
  const warnings = await findWarnings(gpu);
  for (const warning of warnings) say(`warning    ${warning}`);
  const kernels = await selfTest(gpu, (result) => say(kernelText(result)));
  const ok = kernels.every((kernel) => kernel.ok);
  say(
    ok
      ? "Every kernel is right on this adapter"
      : "Some kernels are WRONG on this adapter; do not trust results from it",
  );
  if (json) {
    const adapter = { vendor, architecture, description };
    const machine = { adapter, driver, software: gpu.kind.software, memory, limits, features, peaks };
    terminal.printJson({ adapters, ...machine, kernels, warnings, ok });
  }
  return ok ? 0 : 1;
}

function kindText({ software, ratio }: AdapterKind): string {
  const kind = software ? "software: kernels run on the CPU" : "hardware";
  return ratio === undefined ? kind : `${kind} (256 invocations take ${ratio.toFixed(1)} times as long as one)`;
}

async function findWarnings(gpu: Gpu): Promise<string[]> {
  const asked = 100_000;
  const executed = await executedTrips(gpu, 1, asked);
  if (executed === asked) return [];
  return [
    `this driver stops loops after ${executed} of ${asked} iterations without an error; kernels stay below 60,000, so results are right`,
  ];
}

/** The line that tells how the cases of one kernel went. */
export function kernelText({ name, ok, error, cases, problem }: KernelResult): string {
  const largest = `largest error ${error === null ? "not a number" : error.toExponential(1)}`;
  const counted = `${String(cases).padStart(3)} ${cases === 1 ? "case, " : "cases,"} ${largest}`;
  return `${ok ? "ok   " : "WRONG"}  ${name.padEnd(26)} ${counted}${problem === undefined ? "" : ` (${problem})`}`;
}
