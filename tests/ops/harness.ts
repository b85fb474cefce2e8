/**
 * One call per op test: forward against the twin, gradients against central differences of the twin along random
 * directions, and the same bytes twice.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Gpu } from "../../src/gpu/gpu.ts";
import { gradients } from "../../src/ops/gradients.ts";
import { type DataType, type Layout, pack } from "../../src/graph/layout.ts";
import { Program } from "../../src/graph/program.ts";
import type { ProgramDefinition } from "../../src/graph/program_plan.ts";
import { dependencies, type DeviceTraits, input, type Tensor } from "../../src/graph/tensor.ts";
import { Random } from "../../src/random.ts";

/** An input of a test: its shape, layout and values (default: normal random numbers). */
export interface TestInput {
  readonly shape: readonly number[];
  readonly layout?: Layout;
  readonly dtype?: DataType;
  readonly values?: ArrayLike<number>;
}

/** Values by name, in the order of the shapes. */
export type Values = Record<string, Float64Array>;

/** What `checkOp` checks. */
export interface OpCheck<Name extends string> {
  readonly inputs: Record<Name, TestInput>;
  /** Builds the op under test. */
  readonly op: (tensors: Record<Name, Tensor>) => Tensor;
  /** The definition in plain float64 loops. */
  readonly twin: (values: Record<Name, Float64Array>) => ArrayLike<number>;
  /** Inputs to check the gradient of. */
  readonly gradientOf?: readonly Name[];
  /** Allowed error: absolute plus relative to the largest magnitude of the expected values. Default 1e-5. */
  readonly tolerance?: number;
  readonly seed?: number;
  /** Kernels to take; default those for software adapters, and those for GPUs where they are others. */
  readonly traits?: DeviceTraits;
}

let gpu: Promise<Gpu> | undefined;

/** The device that all tests of a file share. */
export function testGpu(): Promise<Gpu> {
  return gpu ??= Gpu.open();
}

/** Normal random numbers, a function of the seed and the name. */
export function randomValues(count: number, name: string, seed = 1): Float32Array<ArrayBuffer> {
  const random = new Random(seed, name);
  return Float32Array.from({ length: count }, (_, index) => random.normal(index));
}

/** The number of elements of a shape. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Checks forward, gradients, padding and determinism of an op. */
export async function checkOp<Name extends string>(check: OpCheck<Name>): Promise<void> {
  const { seed = 1, gradientOf = [] } = check;
  const values = inputValues(check.inputs, seed);
  const tensors = inputTensors(check.inputs);
  const output = check.op(tensors);
  const expected = Float64Array.from(check.twin(values));
  const outputs: Record<string, Tensor> = { output };
  const direction = randomValues(size(output.shape), "output gradient", seed);
  if (gradientOf.length > 0) {
    const outputGradient = input("output gradient", output.shape, { layout: output.layout });
    const results = gradients(output, gradientOf.map((name) => tensors[name]), outputGradient);
    for (const [index, name] of gradientOf.entries()) outputs[`d ${name}`] = required(results[index]);
  }
  for (const traits of check.traits === undefined ? deviceKinds(Object.values(outputs)) : [check.traits]) {
    await checkKernels({ ...check, traits }, outputs, expected, direction);
  }
}

async function checkKernels<Name extends string>(
  check: OpCheck<Name> & { readonly traits: DeviceTraits },
  outputs: Record<string, Tensor>,
  expected: Float64Array,
  direction: Float32Array<ArrayBuffer>,
): Promise<void> {
  const { seed = 1, tolerance = 1e-5, gradientOf = [], traits } = check;
  const values = inputValues(check.inputs, seed);
  const output = required(outputs.output);
  const kernels = `with kernels for ${traits.software ? "software adapters" : "GPUs"}`;
  using program = await Program.compile(await testGpu(), { outputs, traits });
  await poison(program, outputs);
  writeInputs(program, check.inputs, values);
  if (gradientOf.length > 0) program.write("output gradient", pack(direction, output.shape, output.layout));
  program.run();
  for (const [name, tensor] of Object.entries(outputs)) assertZeroPadding(await program.readBytes(name), tensor);
  assertClose(await program.read("output"), expected, tolerance, `forward of ${output} ${kernels}`);
  for (const name of gradientOf) {
    const gradient = await program.read(`d ${name}`);
    for (let trial = 0; trial < 3; trial++) {
      const along = randomValues(gradient.length, `direction ${name}`, seed + trial);
      const numeric = directionalDerivative(check, values, name, along, direction);
      const ours = dot(gradient, along);
      const scale = Math.sqrt(dot(gradient, gradient) * dot(along, along)) + 1e-6;
      assert(
        Math.abs(ours - numeric) <= Math.max(tolerance, 1e-5) * scale,
        `gradient of ${output} at ${name} ${kernels} along direction ${trial}: ${ours}, central difference of the twin ${numeric}`,
      );
    }
  }
  const first = await Promise.all(Object.keys(outputs).map((name) => program.readBytes(name)));
  program.run();
  const second = await Promise.all(Object.keys(outputs).map((name) => program.readBytes(name)));
  assertEquals(first, second, `two runs differ ${kernels}`);
}

/** The kinds of adapter for which these tensors have kernels of their own. */
function deviceKinds(roots: readonly Tensor[]): DeviceTraits[] {
  const [software, gpu] = [{ software: true }, { software: false }];
  const launches = (traits: DeviceTraits) =>
    JSON.stringify(
      dependencies(roots).map((tensor) =>
        tensor.definition.kernels?.(tensor, traits).calls.map(({ shader, constants, workgroups }) => [
          ...[shader.name, shader.includes, constants, workgroups],
        ])
      ),
    );
  return launches(software) === launches(gpu) ? [software] : [software, gpu];
}

/** Runs a graph once and returns its outputs in the order of their shapes. */
export async function runGraph<Name extends string>(
  inputs: Record<Name, TestInput>,
  build: (tensors: Record<Name, Tensor>) => Record<string, Tensor>,
  traits?: ProgramDefinition["traits"],
): Promise<Record<string, Float32Array>> {
  const outputs = build(inputTensors(inputs));
  using program = await Program.compile(await testGpu(), { outputs, ...(traits ? { traits } : {}) });
  writeInputs(program, inputs, inputValues(inputs, 1));
  program.run();
  const results: Record<string, Float32Array> = {};
  for (const name of Object.keys(outputs)) results[name] = await program.read(name);
  return results;
}

/** Fails unless |actual − expected| ≤ tolerance · (1 + max |expected|) everywhere; prints the worst element. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  assertEquals(actual.length, expected.length, `${what}: number of elements`);
  let largest = 0;
  let worst = 0;
  let worstError = 0;
  for (let index = 0; index < expected.length; index++) {
    const wanted = expected[index] ?? NaN;
    const error = Math.abs((actual[index] ?? NaN) - wanted);
    largest = Math.max(largest, Math.abs(wanted));
    if (!(error <= worstError)) [worst, worstError] = [index, error];
    if (Number.isNaN(error)) break;
  }
  assert(
    worstError <= tolerance * (1 + largest),
    `${what}: element ${worst} is ${actual[worst]}, expected ${
      expected[worst]
    }; error ${worstError}, allowed ${tolerance} · (1 + ${largest})`,
  );
}

/** Fills the buffers of outputs with NaN, so that elements that a kernel does not write are noticed. */
async function poison(program: Program, outputs: Record<string, Tensor>): Promise<void> {
  const gpu = await testGpu();
  for (const [name, tensor] of Object.entries(outputs)) {
    const { buffer, offset } = program.output(name);
    gpu.write(buffer, new Uint32Array(Math.ceil(tensor.bytes / 4)).fill(0x7fc00000), offset);
  }
}

/** Fails unless the padding channels of a stored tensor are 0. */
function assertZeroPadding(bytes: Uint8Array<ArrayBuffer>, tensor: Tensor): void {
  if (tensor.dtype !== "f32" || tensor.layout === "plain") return;
  const stored = new Float32Array(bytes.buffer);
  const isElement = pack(new Float32Array(size(tensor.shape)).fill(1), tensor.shape, tensor.layout);
  const bad = stored.findIndex((value, index) => isElement[index] === 0 && value !== 0);
  assert(bad < 0, `${tensor}: the padding element ${bad} of the stored tensor is ${stored[bad]}, it must be 0`);
}

function inputTensors<Name extends string>(inputs: Record<Name, TestInput>): Record<Name, Tensor> {
  return mapValues(
    inputs,
    ({ shape, layout, dtype }, name) =>
      input(name, shape, { ...(layout ? { layout } : {}), ...(dtype ? { dtype } : {}) }),
  );
}

function inputValues<Name extends string>(inputs: Record<Name, TestInput>, seed: number): Record<Name, Float64Array> {
  return mapValues(
    inputs,
    ({ shape, values }, name) => Float64Array.from(values ?? randomValues(size(shape), name, seed)),
  );
}

function writeInputs<Name extends string>(
  program: Program,
  inputs: Record<Name, TestInput>,
  values: Record<Name, Float64Array>,
): void {
  for (const name of Object.keys(inputs) as Name[]) {
    if (!program.hasInput(name)) continue;
    const { shape, layout = "activation", dtype = "f32" } = inputs[name];
    if (dtype === "u8") program.write(name, Uint8Array.from(values[name]));
    else if (dtype === "u32") program.write(name, Uint32Array.from(values[name]));
    else program.write(name, pack(Float32Array.from(values[name]), shape, layout));
  }
}

function directionalDerivative<Name extends string>(
  check: OpCheck<Name>,
  values: Record<Name, Float64Array>,
  name: Name,
  along: Float32Array,
  weights: Float32Array,
): number {
  const step = 1e-5;
  const at = (sign: number) => {
    const moved = values[name].map((value, index) => value + sign * step * (along[index] ?? 0));
    return dot(check.twin({ ...values, [name]: moved }), weights);
  };
  return (at(1) - at(-1)) / (2 * step);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

function mapValues<Name extends string, In, Out>(
  record: Record<Name, In>,
  change: (value: In, name: Name) => Out,
): Record<Name, Out> {
  const result: Partial<Record<Name, Out>> = {};
  for (const name of Object.keys(record) as Name[]) result[name] = change(record[name], name);
  return result as Record<Name, Out>;
}

function required<T>(value: T | undefined): T {
  assert(value !== undefined);
  return value;
}
