/**
 * Every kernel on shapes of the networks: its time, its throughput and its share of the adapter's peaks. Each result is
 * checked. Single layers are also run by other engines, which take turns with ours.
 *
 * @module
 */

import type { Gpu } from "../src/gpu/gpu.ts";
import { gradients } from "../src/ops/gradients.ts";
import { pack } from "../src/graph/layout.ts";
import { Program } from "../src/graph/program.ts";
import { input, type Tensor } from "../src/graph/tensor.ts";
import { kernelCases } from "./cases.ts";
import {
  type Direction,
  directionsOf,
  layerInput,
  layerIsRight,
  layerLabels,
  samplePositions,
  type SingleLayer,
  singleLayers,
} from "./layer_data.ts";
import { type LayerComparison, LayerPeers } from "./layer_peers.ts";
import { layerGraph } from "./layers.ts";
import type { Peaks } from "../src/selftest/peaks.ts";
import { type PeerName, Peers } from "./peer.ts";
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

/** A kernel at a shape. */
export interface KernelCase {
  readonly name: string;
  /** Shapes of the inputs, in order, with their layouts. */
  readonly inputs: readonly Tensor[];
  readonly build: (...inputs: Tensor[]) => Tensor;
  /** Names of the inputs to differentiate, in the order of `inputs`. Empty where there is no gradient. */
  readonly directions: readonly string[];
}

/** What one line is about. */
interface Question {
  readonly kernel: string;
  readonly direction: string;
  /** What is computed, by name. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** The layer and the direction to ask other engines for, where they can compute the same. */
  readonly layer?: { readonly layer: SingleLayer; readonly direction: Direction };
}

/**
 * Times every layer and every case in every direction.
 *
 * @param options `runs` of each; the `peers` to ask for the layers; `onRow` is called with each row as it is ready,
 * `say` with the reason why a peer does not start.
 * @throws {Error} naming the kernel that gave a wrong result.
 */
export async function benchKernels(
  gpu: Gpu,
  peaks: Peaks,
  { runs, peers: names, onRow, say }: {
    readonly runs: number;
    readonly peers: readonly PeerName[];
    readonly onRow: (row: KernelRow) => void;
    readonly say: (text: string) => void;
  },
): Promise<KernelRow[]> {
  const rows: KernelRow[] = [];
  const peers = await Peers.start(names);
  try {
    for (const [name, error] of peers.errors) say(`${name} does not start: ${error}`);
    for (const question of [...layerQuestions(), ...caseQuestions()]) {
      const row = await timeKernel(gpu, peaks, question, runs, peers);
      onRow(row);
      rows.push(row);
    }
  } finally {
    await peers.stop();
  }
  return rows;
}

function* layerQuestions(): Generator<Question> {
  for (const layer of singleLayers) {
    for (const direction of directionsOf(layer)) {
      yield { kernel: layer.name, direction, outputs: layerGraph(layer, direction), layer: { layer, direction } };
    }
  }
}

function* caseQuestions(): Generator<Question> {
  for (const { name, build, inputs, directions } of kernelCases()) {
    const output = build(...inputs);
    const outputGradient = input("output gradient", output.shape, { layout: output.layout });
    yield { kernel: name, direction: "forward", outputs: { result: output } };
    for (const [index, direction] of directions.entries()) {
      const of = inputs[index];
      if (of === undefined) continue;
      const [gradient] = gradients(output, [of], outputGradient);
      if (gradient !== undefined) yield { kernel: name, direction, outputs: { result: gradient } };
    }
  }
}

async function timeKernel(
  gpu: Gpu,
  peaks: Peaks,
  question: Question,
  runs: number,
  peers: Peers,
): Promise<KernelRow> {
  const { kernel, direction, outputs, layer } = question;
  using program = await Program.compile(gpu, { outputs });
  for (const name of program.inputNames) {
    if (layer === undefined) fill(program, name);
    else fillLayer(program, name, layer.layer);
  }
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
