/**
 * Every kernel on shapes of the networks: its time, its throughput and its share of the adapter's peaks. Each result is
 * checked. Single layers are also run by other engines, which take turns with ours.
 *
 * @module
 */

import type { Gpu } from "../src/gpu/gpu.ts";
import { pack } from "../src/graph/layout.ts";
import { Program } from "../src/graph/program.ts";
import { deviceTraits } from "../src/graph/program_plan.ts";
import type { DeviceTraits } from "../src/graph/tensor.ts";
import { layerInput, layerIsRight, layerLabels, samplePositions, type SingleLayer } from "./layer_data.ts";
import { type LayerComparison, LayerPeers } from "./layer_peers.ts";
import type { Peaks } from "../src/selftest/peaks.ts";
import { noPeers, type RunningPeers } from "./peer_answer.ts";
import { kernelQuestions, type Question } from "./questions.ts";
import { secondsPerRun } from "../src/gpu/timing.ts";
import { repeatedRandom } from "../src/random.ts";

/** One line of the table. */
export interface KernelRow extends LayerComparison {
  /** Name of the op and its shape. */
  readonly kernel: string;
  /** `forward`, the input whose gradient is computed, or `forward+backward`: the result and all gradients. */
  readonly direction: string;
  /** Median time of one launch, in milliseconds. */
  readonly milliseconds: number;
  /** GFLOP/s where multiply-adds are the work, else `null`. */
  readonly gflops: number | null;
  /** GB/s, counting each tensor as read or written once. */
  readonly gigabytesPerSecond: number;
  /** Share of the peak that bounds the kernel: flop for convolutions, bytes otherwise. */
  readonly shareOfPeak: number;
  /** Floating-point operations as the op states them. For convolutions they are those of the direct form. */
  readonly flops: number;
  /** Bytes of the tensors, each read or written once. */
  readonly bytes: number;
}

/**
 * Each timing of a layer repeats our launch for about so many seconds. Then the other engines take their turns with as
 * many launches.
 */
const layerSeconds = 0.06;

/**
 * Times layers and cases in their directions.
 *
 * @param options `questions`: what to time, by default all. `runs` of each. `peers`: engines to ask for the layers, by
 * default none. `againstDirect`: also compares all values of a convolution with its direct form. `onRow`: called with
 * each row when it is ready.
 * @throws {Error} naming the kernel that gave a wrong result.
 */
export async function benchKernels(
  gpu: Gpu,
  peaks: Peaks,
  { questions = kernelQuestions(), runs, peers = noPeers, againstDirect = false, onRow }: {
    readonly questions?: readonly Question[];
    readonly runs: number;
    readonly againstDirect?: boolean;
    readonly peers?: RunningPeers;
    readonly onRow: (row: KernelRow) => void;
  },
): Promise<KernelRow[]> {
  const rows: KernelRow[] = [];
  for (const question of questions) {
    if (againstDirect) await requireDirect(gpu, question);
    const row = await timeKernel(gpu, peaks, question, runs, peers);
    onRow(row);
    rows.push(row);
  }
  return rows;
}

async function timeKernel(
  gpu: Gpu,
  peaks: Peaks,
  question: Question,
  runs: number,
  peers: RunningPeers,
): Promise<KernelRow> {
  const { kernel, direction, outputs, layer } = question;
  using program = await Program.compile(gpu, { outputs });
  fillInputs(program, question);
  const others = layer === undefined ? undefined : new LayerPeers(peers, layer.layer, layer.direction);
  const seconds = await secondsPerRun(gpu, program.dispatches, {
    runs,
    ...(others === undefined ? {} : {
      atLeastSeconds: layerSeconds,
      others: (repeats: number, waitSeconds: number) => others.takeTurns(repeats, waitSeconds),
    }),
  });
  await requireRight(program, question);
  const tensors = Object.values(outputs);
  const bytes = tensors.reduce((sum, { bytes }) => sum + bytes, program.memory.inputBytes);
  const gflops = program.flops / seconds / 1e9;
  const gigabytesPerSecond = bytes / seconds / 1e9;
  const isProduct = tensors.some(({ op }) => op.toLowerCase().includes("conv2d"));
  return {
    kernel,
    direction,
    milliseconds: seconds * 1000,
    gflops: isProduct ? gflops : null,
    gigabytesPerSecond,
    shareOfPeak: isProduct ? gflops / peaks.gflops : gigabytesPerSecond / peaks.gigabytesPerSecond,
    flops: program.flops,
    bytes,
    ...others?.comparison(seconds) ?? { peers: {}, pytorch: null, ratio: null },
  };
}

/** A layer's results are compared with PyTorch's. Another kernel's must be finite and not all zero. */
async function requireRight(program: Program, { kernel, direction, outputs, layer }: Question): Promise<void> {
  const samples: Record<string, number[]> = {};
  let isRight = true;
  for (const name of Object.keys(outputs)) {
    const values = await program.read(name);
    samples[name] = samplePositions(values.length).map((position) => values[position] ?? NaN);
    isRight &&= values.every(Number.isFinite) && values.some((value) => value !== 0);
  }
  if (layer !== undefined) isRight &&= layerIsRight(layer.layer, layer.direction, samples);
  if (!isRight) throw new Error(`${kernel} (${direction}) gave a wrong result on this adapter`);
}

/** Largest difference between two forms of a convolution, of the largest value. Winograd's differ by 1e-6 to 1e-5. */
const directTolerance = 1e-4;

/**
 * Compares every value of a convolution, computed as on this adapter, with its direct form. Other ops have only one
 * form.
 */
async function requireDirect(gpu: Gpu, question: Question): Promise<void> {
  const { kernel, direction, outputs } = question;
  if (!Object.values(outputs).some(({ definition }) => definition.tunable !== undefined)) return;
  const read = async (traits: DeviceTraits) => {
    using program = await Program.compile(gpu, { outputs, traits });
    fillInputs(program, question);
    program.run();
    return await Promise.all(Object.keys(outputs).map((name) => program.read(name)));
  };
  const traits = deviceTraits(gpu);
  const [own, direct] = [await read(traits), await read({ software: traits.software, direct: true })];
  for (const [index, name] of Object.keys(outputs).entries()) {
    const expected = direct[index] ?? new Float32Array();
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const isNear = (value: number, at: number) => Math.abs(value - (expected[at] ?? NaN)) <= directTolerance * largest;
    if (own[index]?.every(isNear) !== true) {
      throw new Error(`${kernel} (${direction}): ${name} differs from its direct form on this adapter`);
    }
  }
}

function fillInputs(program: Program, { layer }: Question): void {
  for (const name of program.inputNames) {
    if (layer === undefined) fill(program, name);
    else fillLayer(program, name, layer.layer);
  }
}

/** The inputs that every engine is given. */
function fillLayer(program: Program, name: string, layer: SingleLayer): void {
  if (name === "labels") return program.write(name, layerLabels());
  const { shape, values } = layerInput(layer, name);
  program.write(name, pack(values, shape, program.inputTensor(name).layout));
}

/** Random values in `[0.1, 0.9)`. They are far from kinks, and sums of them never cancel to zero. */
function fill(program: Program, name: string): void {
  const tensor = program.inputTensor(name);
  const values = repeatedRandom(tensor.shape, name, (random, index) => 0.1 + 0.8 * random.uniform(index));
  program.write(name, pack(values, tensor.shape, tensor.layout));
}
