/**
 * Every kernel on shapes of the networks: time, throughput and share of the adapter's peaks, with each result checked.
 *
 * @module
 */

import type { Gpu } from "../src/gpu/gpu.ts";
import { gradients } from "../src/ops/gradients.ts";
import { pack, storedElements } from "../src/graph/layout.ts";
import { Program } from "../src/graph/program.ts";
import { input, type Tensor } from "../src/graph/tensor.ts";
import { Random } from "../src/random.ts";
import { kernelCases } from "./cases.ts";
import type { Peaks } from "./peaks.ts";
import { secondsPerRun } from "./timing.ts";

/** One line of the table. */
export interface KernelRow {
  /** Name of the op and its shape. */
  readonly kernel: string;
  /** `forward`, or the input whose gradient is computed. */
  readonly direction: string;
  /** Median time of one launch, in milliseconds. */
  readonly milliseconds: number;
  /** GFLOP/s where multiply-adds are the work, else `null`. */
  readonly gflops: number | null;
  /** GB/s of the tensors read and written once. */
  readonly gigabytesPerSecond: number;
  /** Share of the peak that bounds the kernel: flop for convolutions, bytes otherwise. */
  readonly shareOfPeak: number;
  /** Floating-point operations as the op states them: of the direct form for convolutions. */
  readonly flops: number;
  /** Bytes of the tensors read and written once. */
  readonly bytes: number;
}

/** A kernel at a shape. */
export interface KernelCase {
  readonly name: string;
  /** Shapes of the inputs, in order, with their layouts. */
  readonly inputs: readonly Tensor[];
  readonly build: (...inputs: Tensor[]) => Tensor;
  /** Names of the inputs to differentiate, in the order of `inputs`; empty where there is no gradient. */
  readonly directions: readonly (string | null)[];
}

/**
 * Times every case in every direction.
 *
 * @param onRow is called with each row as it is ready.
 * @throws {Error} naming the kernel that wrote nothing, or a number that is not finite.
 */
export async function benchKernels(gpu: Gpu, peaks: Peaks, onRow: (row: KernelRow) => void): Promise<KernelRow[]> {
  const rows: KernelRow[] = [];
  for (const benchCase of kernelCases()) {
    const output = benchCase.build(...benchCase.inputs);
    const outputGradient = input("output gradient", output.shape, { layout: output.layout });
    const targets: [string, Tensor][] = [["forward", output]];
    for (const [index, direction] of benchCase.directions.entries()) {
      const of = benchCase.inputs[index];
      if (direction === null || of === undefined) continue;
      const [gradient] = gradients(output, [of], outputGradient);
      if (gradient !== undefined) targets.push([direction, gradient]);
    }
    for (const [direction, tensor] of targets) {
      const row = await timeKernel(gpu, peaks, benchCase.name, direction, tensor);
      onRow(row);
      rows.push(row);
    }
  }
  return rows;
}

async function timeKernel(
  gpu: Gpu,
  peaks: Peaks,
  kernel: string,
  direction: string,
  tensor: Tensor,
): Promise<KernelRow> {
  using program = await Program.compile(gpu, { outputs: { result: tensor } });
  for (const name of program.inputNames) fill(program, name);
  const seconds = await secondsPerRun(gpu, program.dispatches);
  const values = await program.read("result");
  if (values.some((value) => !Number.isFinite(value)) || values.every((value) => value === 0)) {
    throw new Error(`${kernel} (${direction}) gave a wrong result on this adapter`);
  }
  const bytes = tensor.bytes + program.memory.inputBytes;
  const gflops = program.flops / seconds / 1e9;
  const gigabytesPerSecond = bytes / seconds / 1e9;
  const isProduct = tensor.op.toLowerCase().includes("conv2d");
  return {
    kernel,
    direction,
    milliseconds: seconds * 1000,
    gflops: isProduct ? gflops : null,
    gigabytesPerSecond,
    shareOfPeak: isProduct ? gflops / peaks.gflops : gigabytesPerSecond / peaks.gigabytesPerSecond,
    flops: program.flops,
    bytes,
  };
}

/** Random values in `[0.1, 0.9)`: far from kinks, and never cancelling to zero. Labels are class 0, 1 and 2. */
function fill(program: Program, name: string): void {
  const tensor = program.inputTensor(name);
  const random = new Random(1, name);
  const count = storedElements(tensor.shape, tensor.layout);
  if (tensor.dtype === "u8") return program.write(name, Uint8Array.from({ length: count }, (_, index) => index % 3));
  if (tensor.dtype === "u32") return program.write(name, Uint32Array.from({ length: count }, (_, index) => index));
  const size = tensor.shape.reduce((product, side) => product * side, 1);
  // One block of random numbers, repeated: making millions would take longer than timing the kernels.
  const block = Float32Array.from({ length: 997 }, (_, index) => 0.1 + 0.8 * random.uniform(index));
  const values = Float32Array.from({ length: size }, (_, index) => block[index % block.length] ?? 0);
  program.write(name, pack(values, tensor.shape, tensor.layout));
}
