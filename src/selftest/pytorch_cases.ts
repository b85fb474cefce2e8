/**
 * Every op, forward and gradients, against what PyTorch computed (`src/selftest/fixtures/make.py`).
 *
 * @module
 */

import { gradients } from "../ops/gradients.ts";
import type { Tensor } from "../graph/tensor.ts";
import { leakyRelu, relu, relu6 } from "../ops/activation/activation.ts";
import { softmax } from "../ops/activation/softmax.ts";
import { add } from "../ops/arithmetic/add.ts";
import { concat } from "../ops/arithmetic/concat.ts";
import { crop } from "../ops/arithmetic/crop.ts";
import { row } from "../ops/arithmetic/row.ts";
import { scale } from "../ops/arithmetic/scale.ts";
import { conv2d, type Conv2dOptions } from "../ops/conv/conv2d.ts";
import { depthwiseConv2d } from "../ops/conv/depthwise_conv2d.ts";
import { sampleGeometryLength } from "../ops/data/geometry.ts";
import { sampleFloats, sampleWeights } from "../ops/data/sample_floats.ts";
import { dice } from "../ops/loss/dice.ts";
import { type CrossEntropyRegularizer, interpolatedCrossEntropy } from "../ops/loss/interpolated_cross_entropy.ts";
import { lovaszSoftmax } from "../ops/loss/lovasz_softmax.ts";
import { batchNorm } from "../ops/norm/batch_norm.ts";
import { batchNormStatistics } from "../ops/norm/batch_norm_statistics.ts";
import { batchNormTraining } from "../ops/norm/batch_norm_training.ts";
import { updateRunningStatistics } from "../ops/norm/update_running_statistics.ts";
import { averagePool2d } from "../ops/pool/average_pool2d.ts";
import { globalAveragePool } from "../ops/pool/global_average_pool.ts";
import { maxPool2d } from "../ops/pool/max_pool2d.ts";
import { bilinearResize } from "../ops/resize/bilinear_resize.ts";
import { type CaseInput, get, opsOf, runCase, type SelfTestCase, type Tensors } from "./case.ts";
import { type FixtureCase, readCases } from "./fixture.ts";

const tolerance = 1e-5;

/** The op of a case. The options come from the fixture and are those of the op. */
type Build = (tensors: Tensors, options: never) => Tensor;

function define<Options>(build: (tensors: Tensors, options: Options) => Tensor): Build {
  return build;
}

const ops: Readonly<Record<string, Build>> = {
  conv2d: define((t, options: Parameters<typeof conv2d>[2]) =>
    conv2d(get(t, "x"), get(t, "w"), { ...options, ...biasOf(t), ...foldedOf(t) })
  ),
  depthwiseConv2d: define((t, options: Parameters<typeof depthwiseConv2d>[2]) =>
    depthwiseConv2d(get(t, "x"), get(t, "w"), { ...options, ...biasOf(t) })
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
  concat: (t) => concat(Object.keys(t).filter((name) => name !== "dy").map((name) => get(t, name))),
  scale: define((t, { factor }: { readonly factor: number }) => scale(get(t, "x"), factor)),
  crop: define((t, options: Parameters<typeof crop>[1]) => crop(get(t, "x"), options)),
  sampleFloats: define((t, options: Parameters<typeof sampleFloats>[2]) =>
    sampleFloats(get(t, "x"), get(t, "geometry"), options)
  ),
  sampleWeights: define((t, options: Parameters<typeof sampleWeights>[2]) =>
    sampleWeights(get(t, "weights"), get(t, "geometry"), options)
  ),
  interpolatedCrossEntropy: define((t, options: Parameters<typeof interpolatedCrossEntropy>[2]) => {
    const { classWeights, pixelWeights } = t;
    const weights = { ...(classWeights ? { classWeights } : {}), ...(pixelWeights ? { pixelWeights } : {}) };
    return interpolatedCrossEntropy(get(t, "logits"), get(t, "labels"), { ...options, ...weights });
  }),
  dice: define((t, options: Parameters<typeof dice>[2]) => dice(get(t, "logits"), get(t, "labels"), options)),
  lovaszSoftmax: define((t, options: Parameters<typeof lovaszSoftmax>[2]) =>
    lovaszSoftmax(get(t, "logits"), get(t, "labels"), options)
  ),
  regularizedCrossEntropy: define((t, options: Omit<CrossEntropyRegularizer, "images">) =>
    interpolatedCrossEntropy(get(t, "logits"), get(t, "labels"), {
      regularizer: { ...options, images: get(t, "images") },
    })
  ),
};

/** The bias of a convolution, and the residual that is added with it, where the case has them. */
function biasOf({ b: bias, r: residual }: Tensors): Pick<Conv2dOptions, "epilogue"> {
  return bias === undefined ? {} : { epilogue: { bias, residual } };
}

/** A batch norm that is folded into a convolution, with ReLU, where the case has scale and shift. */
function foldedOf({ s: scaleAndShift, r: residual }: Tensors): Pick<Conv2dOptions, "epilogue"> {
  return scaleAndShift === undefined ? {} : { epilogue: { scaleAndShift, activation: "relu", residual } };
}

const files = [
  ...["conv2d", "depthwise_conv2d", "batch_norm", "max_pool", "average_pool", "resize", "activation", "arithmetic"],
  ...["crop", "scale", "sample_floats", "cross_entropy", "overlap"],
];

/** All cases; reads the fixture files. */
export async function pytorchCases(): Promise<SelfTestCase[]> {
  const fixtures = await Promise.all(files.map(readCases));
  return fixtures.flat().flatMap((fixture) =>
    fixture.op === "batchNormTraining" ? [opCase(fixture), runningCase(fixture)] : [opCase(fixture)]
  );
}

function opCase(fixture: FixtureCase): SelfTestCase {
  const names = [...fixture.inputs, ...fixture.gradientsOf.length > 0 ? ["dy"] : []];
  const inputs = () => Object.fromEntries(names.map((name) => [name, caseInput(fixture, name)]));
  const build = (tensors: Tensors) => opGraph(fixture, tensors);
  return {
    kernel: fixture.op,
    name: fixture.name,
    ops: () => opsOf(inputs(), build),
    run: async (gpu) => {
      const results = await runCase(gpu, inputs(), build);
      return Object.entries(results).map(([what, actual]) => ({
        what,
        actual,
        expected: fixture.tensor(what).values,
        tolerance,
      }));
    },
  };
}

/** The result `y` of a case and the gradients that it asks for. */
function opGraph(fixture: FixtureCase, tensors: Tensors): Record<string, Tensor> {
  const build = ops[fixture.op];
  if (build === undefined) throw new Error(`The self-test knows no op ${fixture.op}`);
  const y = build(tensors, fixture.options as never);
  const wanted = fixture.tensor("y").shape;
  if (y.shape.join() !== wanted.join()) throw new Error(`${y} should have the shape [${wanted.join(", ")}]`);
  if (fixture.gradientsOf.length === 0) return { y };
  const found = gradients(y, fixture.gradientsOf.map((name) => get(tensors, name)), get(tensors, "dy"));
  return { y, ...Object.fromEntries(fixture.gradientsOf.map((name, index) => [`d ${name}`, found[index] ?? y])) };
}

/** The running statistics after the step in a case of batch norm. */
function runningCase(fixture: FixtureCase): SelfTestCase {
  const [batch = 1, channels = 1, height = 1, width = 1] = fixture.tensor("x").shape;
  const inputs = (): Record<string, CaseInput> => {
    const values = ["mean", "variance"].flatMap((name) => [...fixture.tensor(name).values]);
    return { x: caseInput(fixture, "x"), running: { shape: [2, channels], layout: "channels", values } };
  };
  const build = (tensors: Tensors): Record<string, Tensor> => {
    const statistics = batchNormStatistics(get(tensors, "x"));
    const next = updateRunningStatistics(get(tensors, "running"), statistics, { count: batch * height * width });
    return { mean: row(next, 0), variance: row(next, 1) };
  };
  return {
    kernel: "updateRunningStatistics",
    name: fixture.name,
    ops: () => opsOf(inputs(), build),
    run: async (gpu) => {
      const results = await runCase(gpu, inputs(), build);
      return Object.entries(results).map(([what, actual]) => ({
        what: `running ${what}`,
        actual,
        expected: fixture.tensor(`running ${what}`).values,
        tolerance,
      }));
    },
  };
}

/** The layout of the input with this name. Inputs that are not named here are images. */
function caseInput(fixture: FixtureCase, name: string): CaseInput {
  const { shape, values } = fixture.tensor(name);
  if (name === "w") {
    return { shape, values, layout: fixture.op === "depthwiseConv2d" ? "depthwise" : "convolution" };
  }
  if (shape.length === 4) return { shape, values };
  if (name === "labels") return { shape, values, layout: "plain", dtype: "u8" };
  if (name === "geometry") return geometryInput(shape, values);
  const isPlain = fixture.op === "scale" || ["pixelWeights", "weights", "images", "dy"].includes(name);
  return { shape, values, layout: isPlain ? "plain" : "channels" };
}

/** The geometry of images that fill their maps, as those of the fixtures do: the numbers that say a size are 0. */
function geometryInput([samples = 1, length = 1]: readonly number[], values: ArrayLike<number>): CaseInput {
  const padded = new Float32Array(samples * sampleGeometryLength);
  for (let sample = 0; sample < samples; sample++) {
    padded.set(Array.from(values).slice(sample * length, (sample + 1) * length), sample * sampleGeometryLength);
  }
  return { shape: [samples, sampleGeometryLength], values: padded, layout: "plain" };
}
