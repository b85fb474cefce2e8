/**
 * `crosswalk bench`. Without a part it measures four things: the adapter's peaks and every kernel against them (`bench
 * kernels`); a training step and an inference of the reference workload, beside other engines' (`bench step`); the
 * selection of thresholds, beside a sort (`bench select`); and memory (`bench memory`).
 *
 * Two parts run only when they are named: `bench overhead`, a step's time outside its kernels, and `bench growth`, how
 * cost grows with sizes. `bench kernels --only NAME` checks and times one kernel. `bench step --network NAME` times any
 * network instead of the reference workload, beside PyTorch. `--submit` prints a block for a
 * report.
 *
 * @module
 */

import process from "node:process";
import { benchGrowth, type GrowthReport } from "../../bench/growth.ts";
import { growthSvg, growthTables } from "../../bench/growth_plot.ts";
import { benchKernels, type KernelRow } from "../../bench/kernels.ts";
import { opsOfQuestion, questionsAbout } from "../../bench/questions.ts";
import { benchMemory, type MemoryReport } from "../../bench/memory.ts";
import { Peers } from "../../bench/peer.ts";
import { type PeerName, peerNames } from "../../bench/peer_answer.ts";
import { benchOverhead, type OverheadReport } from "../../bench/overhead.ts";
import { measurePeaks } from "../selftest/peaks.ts";
import { casesOf, type KernelResult, selfTest } from "../selftest/self_test.ts";
import { rooflineSvg } from "../../bench/plot.ts";
import { benchSelect, type SelectReport } from "../../bench/select.ts";
import { benchNetwork, type NetworkReport } from "../../bench/network_step.ts";
import type { NetworkWorkload } from "../../bench/network_run.ts";
import { benchStep } from "../../bench/step.ts";
import type { StepReport } from "../../bench/step_report.ts";
import { measureSubmission, submissionText } from "../../bench/submit.ts";
import { UsageError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { bytesText } from "../report/units.ts";
import { writeFileSafely } from "../disk/files.ts";
import { type Settings, suggestion } from "../settings/settings.ts";
import { readArguments } from "./arguments.ts";
import { requireSensibleOptions } from "./bench_checks.ts";
import { networkText, networkWorkload } from "./bench_network.ts";
import { kernelText } from "./doctor.ts";
import { openGpu } from "./open.ts";
import { factorText, rowHeader, rowText, stepTable } from "./bench_tables.ts";
import { aligned } from "./result_table.ts";
import { shown, terminal } from "../report/terminal.ts";

interface PartOptions {
  readonly runs: number;
  readonly peers: readonly PeerName[];
  /** Number of images of 1024×2048 pixels whose thresholds are selected. Default: enough for 50 million pixels. */
  readonly images?: number;
  /** The network to time instead of the reference workload. */
  readonly network?: NetworkWorkload | undefined;
  /** The one kernel to check and to time: an op, or a row of the table. Default: all rows. */
  readonly only?: string | undefined;
  /** The file of the picture. */
  readonly plot?: string | undefined;
  /** Prints a line of the text output. With `--json` it prints nothing. */
  readonly say: (text: string) => void;
}

const overviewParts = { kernels, step, select, memory } as const;
const parts = { ...overviewParts, overhead, growth } as const;

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const [first = ""] = args;
  const part = isPart(first) ? first : undefined;
  if (part === undefined && first !== "" && !first.startsWith("-")) {
    throw new UsageError(`There is no part "${first}" of bench. ${suggestion(first, Object.keys(parts))}`);
  }
  const settings = readArguments("bench", part === undefined ? args : args.slice(1));
  const peers = readPeers(settings.get("against"));
  requireSensibleOptions(part, settings);
  if (settings.get("submit")) return await submit(settings);
  const json = settings.get("json");
  const only = settings.get("only");
  if (only !== undefined) questionsAbout(only);
  const options: PartOptions = {
    runs: settings.get("runs"),
    peers,
    only,
    network: networkWorkload(settings),
    plot: settings.get("plot"),
    say: (text) => json ? undefined : terminal.print(text),
  };
  using gpu = await openGpu(settings.get("adapter"));
  options.say(`${shown(adapterName(gpu))}\n`);
  if (part !== undefined) {
    const report = await parts[part](gpu, options);
    if (json) terminal.printJson(report);
    return 0;
  }
  const report: Record<string, unknown> = { adapter: adapterName(gpu) };
  for (const [name, bench] of Object.entries(overviewParts)) {
    // Fifty million pixels take minutes on a software adapter. Only `bench select` takes so many; the overview takes
    // two images.
    const found = await bench(gpu, { ...options, images: 2 });
    if (name === "kernels") Object.assign(report, found);
    else report[name] = found;
    options.say("");
  }
  if (json) terminal.printJson(report);
  return 0;
}

function isPart(name: string): name is keyof typeof parts {
  return Object.hasOwn(parts, name);
}

/** Prints the block; on a terminal, stderr tells what is being measured. */
async function submit(settings: Settings): Promise<number> {
  using gpu = await openGpu(settings.get("adapter"));
  const say = (text: string) => process.stderr.isTTY ? terminal.printBeside(text) : undefined;
  terminal.print(submissionText(await measureSubmission(gpu, { runs: settings.get("runs"), say })));
  return 0;
}

/** The engines in a list such as `tfjs,jax`, each once. */
function readPeers(list: string | undefined): PeerName[] {
  const names = list === undefined ? [] : list.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !peerNames.some((peer) => peer === name));
  if (unknown !== undefined) {
    throw new UsageError(`--against names "${unknown}", expected some of ${peerNames.join(", ")} with commas between`);
  }
  return peerNames.filter((peer) => names.includes(peer));
}

function adapterName(gpu: Gpu): string {
  return gpu.info.description || gpu.info.vendor;
}

async function kernels(gpu: Gpu, { runs, peers: names, only, plot, say }: PartOptions) {
  const questions = only === undefined ? undefined : questionsAbout(only);
  const checks = only === undefined ? undefined : await checkKernel(gpu, only, say);
  const peaks = await measurePeaks(gpu);
  const { gflops, gigabytesPerSecond } = peaks;
  say(`multiply-add peak ${gflops.toFixed(1)} GFLOP/s, copy peak ${gigabytesPerSecond.toFixed(1)} GB/s\n`);
  say(rowHeader(names.length > 0));
  const peers = await Peers.start(names);
  for (const [name, error] of peers.errors) say(`${name} does not start: ${error}`);
  let rows;
  try {
    const onRow = (row: KernelRow) => say(rowText(row));
    rows = await benchKernels(gpu, peaks, { runs, peers, onRow, ...questions && { questions, againstDirect: true } });
  } finally {
    await peers.stop();
  }
  if (plot !== undefined) draw(plot, rooflineSvg(peaks, rows, adapterName(gpu)), say);
  return { adapter: adapterName(gpu), ...checks && { checks }, peaks, kernels: rows };
}

/**
 * Checks a kernel: runs the cases of the self-test that compute this op, or the op of this row.
 *
 * @throws {Error} naming the case that is wrong.
 */
async function checkKernel(gpu: Gpu, name: string, say: (text: string) => void): Promise<KernelResult[]> {
  const ops = new Set(questionsAbout(name).flatMap((question) => [...opsOfQuestion(question)]));
  const results = await selfTest(
    gpu,
    (result) => say(kernelText(result)),
    await casesOf(ops.has(name) ? new Set([name]) : ops),
  );
  const wrong = results.find(({ ok }) => !ok);
  if (wrong !== undefined) throw new Error(`${name} is wrong on this adapter: ${wrong.name}, ${wrong.problem}`);
  if (results.length === 0) say(`no case of the self-test computes ${name}`);
  say("");
  return results;
}

async function step(gpu: Gpu, { runs, peers, network, say }: PartOptions): Promise<StepReport | NetworkReport> {
  if (network !== undefined) {
    const report = await benchNetwork(gpu, network, { runs, pytorch: peers.includes("pytorch"), say });
    say(`\n${networkText(report)}`);
    return report;
  }
  const report = await benchStep(gpu, { runs, peers, say });
  const { gflops } = await measurePeaks(gpu);
  say(`\nreference workload, batch 2 of 256×512, 19 classes: medians; multiply-add peak ${gflops.toFixed(1)} GFLOP/s`);
  say(stepTable(report, gflops));
  if (Object.keys(report.peers).length > 0) {
    const { ratio } = report;
    say(`fastest right peer over ours: step ${factorText(ratio.step)}, forward ${factorText(ratio.forward)}`);
  }
  return report;
}

async function select(gpu: Gpu, { runs, images, say }: PartOptions): Promise<SelectReport> {
  const report = await benchSelect(gpu, { runs, ...(images === undefined ? {} : { images }) });
  const { pixels, classes, oursMs, oursWithoutScoresMs, oursBytes, typedArraySortMs, numpySortMs } = report;
  const numpy = numpySortMs === null ? "not run: no numpy, or no right to run python3" : `${numpySortMs.toFixed(0)} ms`;
  say(`thresholds of ${classes} classes over ${(pixels / 1e6).toFixed(1)} million pixels, the same to the bit`);
  say(`ours                  ${oursMs.toFixed(0)} ms, ${oursWithoutScoresMs.toFixed(0)} ms without the scores`);
  say(
    `memory                ${bytesText(oursBytes)} beside the logits; the sorts hold ${
      bytesText(report.sortBytes)
    } of keys`,
  );
  say(`typed-array sort      ${typedArraySortMs.toFixed(0)} ms`);
  say(`numpy sort            ${numpy}`);
  say(
    `sort over ours        ${factorText(report.ratio.withScores)}, without the scores ${
      factorText(report.ratio.withoutScores)
    }`,
  );
  return report;
}

async function memory(gpu: Gpu, { peers, say }: PartOptions): Promise<MemoryReport> {
  const report = await benchMemory(gpu, { tfjs: peers.includes("tfjs") });
  const { stepBytes, lowerBoundBytes, overLowerBound, tfjsBytes, overTfjs, error } = report;
  say(`the reference step allocates  ${bytesText(stepBytes)}`);
  say(`least possible                ${bytesText(lowerBoundBytes)}, ours is ${factorText(overLowerBound)}`);
  if (tfjsBytes !== null) say(`TensorFlow.js                 ${bytesText(tfjsBytes)}, ours is ${factorText(overTfjs)}`);
  if (error !== undefined) say(`TensorFlow.js                 ${error}`);
  return report;
}

async function growth(gpu: Gpu, { runs, plot, say }: PartOptions): Promise<GrowthReport> {
  const report = await benchGrowth(gpu, { runs });
  say(growthTables(report).map(aligned).join("\n\n"));
  if (plot !== undefined) draw(plot, growthSvg(report, adapterName(gpu)), say);
  return report;
}

function draw(path: string, svg: string, say: (text: string) => void): void {
  writeFileSafely(path, svg);
  say(`\npicture  ${shown(path)}`);
}

async function overhead(gpu: Gpu, { runs, say }: PartOptions): Promise<OverheadReport> {
  const report = await benchOverhead(gpu, { runs });
  const { stepMs, kernelsMs, outsideKernels, firstStepMs } = report;
  const kernels = kernelsMs === null ? "" : `, ${kernelsMs.toFixed(1)} ms in kernels`;
  const share = outsideKernels === null ? "unknown: no timestamps" : `${(100 * outsideKernels).toFixed(2)} %`;
  const first = firstStepMs === null ? "not run: no right to run deno" : `${(firstStepMs / 1000).toFixed(1)} s`;
  say(`the reference step            ${stepMs.toFixed(1)} ms${kernels}`);
  say(`of it outside kernels         ${share}`);
  say(`first step of a new program   ${first}, nothing compiled before`);
  return report;
}
