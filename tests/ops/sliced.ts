/**
 * Compares ops computed in slices with the same ops computed at once. The limit of a binding is set so low that a slice
 * is only a few rows.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type DataType, pack } from "../../src/graph/layout.ts";
import { Program } from "../../src/graph/program.ts";
import type { ActivationStorage } from "../../src/graph/execution_order.ts";
import { planProgram, type ProgramDefinition } from "../../src/graph/program_plan.ts";
import { type DeviceTraits, input, type Tensor } from "../../src/graph/tensor.ts";
import { gradients } from "../../src/ops/gradients.ts";
import { randomValues, size, testGpu } from "./harness.ts";

/** A graph to be computed in slices. */
export interface SlicedGraph {
  /** The tensors that are compared, by name. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /**
   * Outputs that are sums over slices. They may differ by 1e-6 of their largest value. All others must have the same
   * bits.
   */
  readonly sums?: readonly string[];
  /** Limits of a binding in bytes, from the largest on. */
  readonly limits: readonly number[];
  /** The kernels to take. Default: those for software adapters and those for GPUs, in turn. */
  readonly traits?: readonly DeviceTraits[];
  /** How activations are kept for the gradients. */
  readonly activations?: ActivationStorage;
  /** Values of inputs that are not normal random numbers. */
  readonly values?: Readonly<Record<string, ArrayLike<number>>>;
}

/** `y`, and its gradients at `of`, by name. */
export function withGradients(y: Tensor, of: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const outputGradient = input("output gradient", y.shape, { layout: y.layout });
  const results = gradients(y, Object.values(of), outputGradient);
  const named = Object.keys(of).map((name, index) => [`d ${name}`, results[index] ?? y] as const);
  return { y, ...Object.fromEntries(named) };
}

/**
 * Checks a graph with each limit. Outputs that are no sums over slices must have the same bits, sums nearly the same
 * values, and a second run the same bits as the first.
 */
export async function checkSlices(graph: SlicedGraph): Promise<void> {
  for (const traits of graph.traits ?? [{ software: true }, { software: false }]) {
    const whole = await results(graph, traits);
    for (const maxBindingBytes of graph.limits) {
      const limited = { ...traits, maxBindingBytes };
      const what = `with at most ${maxBindingBytes} bytes a binding, kernels for ${
        traits.software ? "software adapters" : "GPUs"
      }`;
      const { steps, memory } = planProgram(await testGpu(), definitionOf(graph, limited));
      assertEquals(memory.unbindable, null, what);
      assert(memory.largestBindingBytes <= maxBindingBytes, what);
      const calls = (traits: DeviceTraits) =>
        steps.map(({ tensor }) => tensor.definition.kernels?.(tensor, traits).calls.length ?? 0);
      assert(calls(limited).some((count, index) => count > (calls(traits)[index] ?? 0)), `nothing is cut ${what}`);
      const sliced = await results(graph, limited);
      for (const [name, tensor] of Object.entries(graph.outputs)) {
        const [expected, actual] = [required(whole.get(name)), required(sliced.get(name))];
        if (graph.sums?.includes(name)) assertNearlySame(actual, expected, `${name}, ${tensor}, ${what}`);
        else assertSameBits(actual, expected, `${name}, ${tensor}, ${what}`);
      }
    }
  }
}

function definitionOf({ outputs, activations }: SlicedGraph, traits: DeviceTraits): ProgramDefinition {
  return { outputs, traits, ...activations === undefined ? {} : { activations } };
}

async function results(graph: SlicedGraph, traits: DeviceTraits): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const gpu = await testGpu();
  using program = await Program.compile(gpu, definitionOf(graph, traits));
  for (const [name, tensor] of Object.entries(graph.outputs)) {
    const { buffer, offset } = program.output(name);
    gpu.write(buffer, new Uint32Array(Math.ceil(tensor.bytes / 4)).fill(0x7fc00000), offset);
  }
  for (const name of program.inputNames) {
    program.write(name, stored(program.inputTensor(name), graph.values?.[name] ?? defaultValues(program, name)));
  }
  const read = async () => {
    program.run();
    const names = Object.keys(graph.outputs);
    return new Map(await Promise.all(names.map(async (name) => [name, await program.readBytes(name)] as const)));
  };
  const first = await read();
  for (const [name, bytes] of await read()) {
    assertSameBits(bytes, required(first.get(name)), `${name}: two runs differ`);
  }
  return first;
}

function defaultValues(program: Program, name: string): Float32Array {
  return randomValues(size(program.inputTensor(name).shape), name);
}

function stored({ shape, dtype, layout }: Tensor, values: ArrayLike<number>) {
  const arrays: Record<DataType, () => ArrayBufferView<ArrayBuffer>> = {
    f32: () => pack(Float32Array.from(values), shape, layout),
    u32: () => Uint32Array.from(values),
    u8: () => Uint8Array.from(values),
  };
  return arrays[dtype]();
}

function assertSameBits(actual: Uint8Array<ArrayBuffer>, expected: Uint8Array<ArrayBuffer>, what: string): void {
  const at = expected.findIndex((byte, index) => byte !== actual[index]);
  const value = (bytes: Uint8Array<ArrayBuffer>) => new Float32Array(bytes.buffer)[Math.floor(at / 4)];
  assert(at < 0, `${what}: byte ${at} differs, ${value(actual)} instead of ${value(expected)}`);
}

function assertNearlySame(actual: Uint8Array<ArrayBuffer>, expected: Uint8Array<ArrayBuffer>, what: string): void {
  const [found, wanted] = [new Float32Array(actual.buffer), new Float32Array(expected.buffer)];
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = wanted.reduce((most, value, index) => Math.max(most, Math.abs(value - (found[index] ?? NaN))), 0);
  assert(worst <= 1e-6 * largest, `${what}: differs by ${worst}, the largest value is ${largest}`);
}

function required<T>(value: T | undefined): T {
  assert(value !== undefined);
  return value;
}
