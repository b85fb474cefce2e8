/**
 * Every op against what PyTorch computed (`tests/fixtures/make.py`), forward and gradients: for the tests, and for
 * `crosswalk doctor` on the adapter of a user.
 *
 * @module
 */

import { type FixtureCase, readCases } from "../tests/fixture.ts";
import type { Gpu } from "../src/gpu/gpu.ts";
import { pack } from "../src/graph/layout.ts";
import { Program } from "../src/graph/program.ts";
import { input } from "../src/graph/tensor.ts";
import { gradients } from "../src/ops/gradients.ts";
import type { Tensor } from "../src/graph/tensor.ts";
import { leakyRelu, relu, relu6 } from "../src/ops/activation/activation.ts";
import { softmax } from "../src/ops/activation/softmax.ts";
import { add } from "../src/ops/arithmetic/add.ts";
import { bias } from "../src/ops/arithmetic/bias.ts";
import { concat } from "../src/ops/arithmetic/concat.ts";
import { conv2d } from "../src/ops/conv/conv2d.ts";
import { depthwiseConv2d } from "../src/ops/conv/depthwise_conv2d.ts";
import { interpolatedCrossEntropy } from "../src/ops/loss/interpolated_cross_entropy.ts";
import { batchNorm } from "../src/ops/norm/batch_norm.ts";
import { batchNormTraining } from "../src/ops/norm/batch_norm_training.ts";
import { averagePool2d } from "../src/ops/pool/average_pool2d.ts";
import { globalAveragePool } from "../src/ops/pool/global_average_pool.ts";
import { maxPool2d } from "../src/ops/pool/max_pool2d.ts";
import { bilinearResize } from "../src/ops/resize/bilinear_resize.ts";

type Tensors = Readonly<Record<string, Tensor>>;
/** The op of a case. The options come from the fixture and are those of the op. */
type Build = (tensors: Tensors, options: never) => Tensor;

function define<Options>(build: (tensors: Tensors, options: Options) => Tensor): Build {
  return build;
}

const ops: Readonly<Record<string, Build>> = {
  conv2d: define((t, options: Parameters<typeof conv2d>[2]) => conv2d(get(t, "x"), get(t, "w"), options)),
  depthwiseConv2d: define((t, options: Parameters<typeof depthwiseConv2d>[2]) =>
    depthwiseConv2d(get(t, "x"), get(t, "w"), options)
  ),
  batchNorm: define((t, options: Parameters<typeof batchNorm>[2]) => {
    const parameters = { gamma: get(t, "gamma"), beta: get(t, "beta") };
    return batchNorm(get(t, "x"), { ...parameters, mean: get(t, "mean"), variance: get(t, "variance") }, options);
  }),
  batchNormTraining: define((t, options: Parameters<typeof batchNormTraining>[2]) =>
    batchNormTraining(get(t, "x"), { gamma: get(t, "gamma"), beta: get(t, "beta") }, options)
  ),
  maxPool2d: define((t, options: Parameters<typeof maxPool2d>[1]) => maxPool2d(get(t, "x"), options)),
  averagePool2d: define((t, options: Parameters<typeof averagePool2d>[1]) => averagePool2d(get(t, "x"), options)),
  globalAveragePool: (t) => globalAveragePool(get(t, "x")),
  bilinearResize: define((t, options: Parameters<typeof bilinearResize>[1]) => bilinearResize(get(t, "x"), options)),
  relu: (t) => relu(get(t, "x")),
  relu6: (t) => relu6(get(t, "x")),
  leakyRelu: (t) => leakyRelu(get(t, "x")),
  softmax: (t) => softmax(get(t, "x")),
  add: (t) => add(get(t, "a"), get(t, "b")),
  bias: (t) => bias(get(t, "x"), get(t, "b")),
  concat: (t) => concat(Object.keys(t).filter((name) => name !== "dy").map((name) => get(t, name))),
  interpolatedCrossEntropy: define((t, options: Parameters<typeof interpolatedCrossEntropy>[2]) => {
    const { classWeights, pixelWeights } = t;
    const weights = { ...(classWeights ? { classWeights } : {}), ...(pixelWeights ? { pixelWeights } : {}) };
    return interpolatedCrossEntropy(get(t, "logits"), get(t, "labels"), { ...options, ...weights });
  }),
};

/** The fixture files. */
const files = [
  ...["conv2d", "depthwise_conv2d", "batch_norm", "max_pool", "average_pool", "resize", "activation", "arithmetic"],
  "cross_entropy",
];

/** Every case of every fixture file. */
export function selfTestCases(): FixtureCase[] {
  return files.flatMap(readCases);
}

/** Allowed error, relative to one plus the largest expected magnitude. */
export const selfTestTolerance = 1e-5;

/**
 * Runs a case on this adapter.
 *
 * @returns the largest error over output and gradients, relative to one plus the largest expected magnitude of each.
 */
export async function runSelfTest(gpu: Gpu, fixture: FixtureCase): Promise<number> {
  const build = ops[fixture.op];
  if (build === undefined) throw new Error(`The self-test knows no op ${fixture.op}`);
  const names = [...fixture.inputs, "dy"];
  const tensors = Object.fromEntries(names.map((name) => [name, fixtureInput(fixture, name)]));
  const y = build(tensors, fixture.options as never);
  const sources = fixture.gradientsOf.map((name) => get(tensors, name));
  const found = gradients(y, sources, get(tensors, "dy"));
  const outputs = {
    y,
    ...Object.fromEntries(fixture.gradientsOf.map((name, index) => [`d ${name}`, found[index] ?? y])),
  };
  using program = await Program.compile(gpu, { outputs });
  for (const name of names) writeInput(program, fixture, name);
  program.run();
  let worst = 0;
  for (const name of Object.keys(outputs)) {
    worst = Math.max(worst, relativeError(await program.read(name), fixture.tensor(name).values));
  }
  return worst;
}

function relativeError(values: Float32Array, expected: Float32Array): number {
  if (values.length !== expected.length) return Infinity;
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let worst = 0;
  for (const [index, value] of values.entries()) {
    const error = Math.abs(value - (expected[index] ?? NaN)) / (1 + largest);
    if (Number.isNaN(error)) return Infinity;
    worst = Math.max(worst, error);
  }
  return worst;
}

function fixtureInput(fixture: FixtureCase, name: string): Tensor {
  const { shape } = fixture.tensor(name);
  if (name === "w") {
    return input(name, shape, { layout: fixture.op === "depthwiseConv2d" ? "depthwise" : "convolution" });
  }
  if (shape.length === 4) return input(name, shape);
  if (name === "labels") return input(name, shape, { layout: "plain", dtype: "u8" });
  return input(name, shape, { layout: name === "pixelWeights" || name === "dy" ? "plain" : "channels" });
}

function writeInput(program: Program, fixture: FixtureCase, name: string): void {
  if (!program.hasInput(name)) return;
  const { dtype, shape, layout } = program.inputTensor(name);
  const { values } = fixture.tensor(name);
  program.write(name, dtype === "u8" ? Uint8Array.from(values) : pack(values, shape, layout));
}

function get(tensors: Tensors, name: string): Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new Error(`The fixture has no input ${name}`);
  return tensor;
}
