/**
 * What a case of the self-test is: a kernel, run on this adapter, and the numbers that it must give.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import { type DataType, type Layout, pack } from "../graph/layout.ts";
import { Program } from "../graph/program.ts";
import { dependencies, input, type Tensor } from "../graph/tensor.ts";

/** Computed values beside the right ones. */
export interface Comparison {
  /** What the values are. */
  readonly what: string;
  /** From this adapter. */
  readonly actual: ArrayLike<number>;
  /** The right ones. */
  readonly expected: ArrayLike<number>;
  /** Allowed error, relative to one plus the largest expected magnitude. It is 0 where every bit is determined. */
  readonly tolerance: number;
}

/** One case. */
export interface SelfTestCase {
  /** The function under test. */
  readonly kernel: string;
  /** What is special about the case. */
  readonly name: string;
  /** Names of the ops that it computes, gradients among them; absent where it is no graph. */
  readonly ops?: () => ReadonlySet<string>;
  /** Runs it. */
  readonly run: (gpu: Gpu) => Promise<Comparison[]>;
}

/** An input of a case. */
export interface CaseInput {
  /** Its shape. */
  readonly shape: readonly number[];
  /** Default `"activation"`. */
  readonly layout?: Layout;
  /** Default `"f32"`. */
  readonly dtype?: DataType;
  /** Its values, in the order of the shape. */
  readonly values: ArrayLike<number>;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/**
 * The error of a comparison: the largest |actual − expected| / (1 + max |expected|). It is infinite where a value is
 * not a number or the counts differ.
 */
export function errorOf({ actual, expected }: Comparison): number {
  if (actual.length !== expected.length) return Infinity;
  let worst = 0;
  let largest = 0;
  for (let index = 0; index < expected.length; index++) {
    const wanted = expected[index] ?? NaN;
    const error = Math.abs((actual[index] ?? NaN) - wanted);
    if (Number.isNaN(error)) return Infinity;
    worst = Math.max(worst, error);
    largest = Math.max(largest, Math.abs(wanted));
  }
  return worst / (1 + largest);
}

/**
 * Runs a graph once and returns its outputs. Their buffers are filled with NaN first, so that elements that a kernel
 * forgets to write are noticed.
 */
export async function runCase(
  gpu: Gpu,
  inputs: Readonly<Record<string, CaseInput>>,
  build: (tensors: Tensors) => Record<string, Tensor>,
): Promise<Record<string, Float32Array>> {
  const outputs = build(tensorsOf(inputs));
  using program = await Program.compile(gpu, { outputs });
  for (const name of Object.keys(outputs)) {
    const { buffer, offset, size } = program.output(name);
    gpu.write(buffer, new Uint32Array(size / 4).fill(0x7fc00000), offset);
  }
  for (const [name, { shape, layout = "activation", dtype = "f32", values }] of Object.entries(inputs)) {
    if (!program.hasInput(name)) continue;
    if (dtype === "u8") program.write(name, Uint8Array.from(values));
    else if (dtype === "u32") program.write(name, Uint32Array.from(values));
    else program.write(name, pack(Float32Array.from(values), shape, layout));
  }
  program.run();
  const results: Record<string, Float32Array> = {};
  for (const name of Object.keys(outputs)) results[name] = await program.read(name);
  return results;
}

/** Names of the ops that `build` computes, gradients among them. */
export function opsOf(
  inputs: Readonly<Record<string, CaseInput>>,
  build: (tensors: Tensors) => Record<string, Tensor>,
): Set<string> {
  return computedOps(Object.values(build(tensorsOf(inputs))));
}

/** Names of the ops that these tensors and what they depend on are computed by. */
export function computedOps(outputs: readonly Tensor[]): Set<string> {
  const computed = dependencies(outputs).filter(({ definition }) => definition.kernels !== undefined);
  return new Set(computed.map(({ op }) => op));
}

function tensorsOf(inputs: Readonly<Record<string, CaseInput>>): Tensors {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, layout, dtype }]) => [
      name,
      input(name, shape, { ...(layout ? { layout } : {}), ...(dtype ? { dtype } : {}) }),
    ]),
  );
}

/** The tensor of this name. */
export function get(tensors: Tensors, name: string): Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new Error(`The case has no input ${name}`);
  return tensor;
}
