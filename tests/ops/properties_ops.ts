/**
 * The ops that the property tests go through, each with inputs of batch 3 and awkward sizes.
 *
 * @module
 */

import type { Tensor } from "../../src/graph/tensor.ts";
import { leakyRelu, relu, relu6 } from "../../src/ops/activation/activation.ts";
import { softmax } from "../../src/ops/activation/softmax.ts";
import { add } from "../../src/ops/arithmetic/add.ts";
import { concat } from "../../src/ops/arithmetic/concat.ts";
import { crop } from "../../src/ops/arithmetic/crop.ts";
import { scale } from "../../src/ops/arithmetic/scale.ts";
import { sliceChannels } from "../../src/ops/arithmetic/slice_channels.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { depthwiseConv2d } from "../../src/ops/conv/depthwise_conv2d.ts";
import { weightInputs } from "../../src/ops/conv/weight_inputs.ts";
import { batchNorm } from "../../src/ops/norm/batch_norm.ts";
import { batchNormTraining } from "../../src/ops/norm/batch_norm_training.ts";
import { averagePool2d } from "../../src/ops/pool/average_pool2d.ts";
import { globalAveragePool } from "../../src/ops/pool/global_average_pool.ts";
import { maxPool2d } from "../../src/ops/pool/max_pool2d.ts";
import { dropout } from "../../src/ops/random/dropout.ts";
import { channelSum } from "../../src/ops/reduce/channel_sum.ts";
import { bilinearResize } from "../../src/ops/resize/bilinear_resize.ts";
import type { TestInput } from "./harness.ts";

/** An op with inputs, and what is known of it. */
export interface OpUnderTest {
  readonly name: string;
  readonly inputs: Readonly<Record<string, TestInput>>;
  readonly build: (tensors: Readonly<Record<string, Tensor>>) => Tensor;
  /** Groups of inputs in which the op is linear, the others held fixed. */
  readonly linearIn?: readonly (readonly string[])[];
  /** Default `true`. */
  readonly hasGradient?: boolean;
  /** Inputs that have an image in each row, when the output has too. */
  readonly batched?: readonly string[];
  /** The images of a batch see each other, so that permuting them changes the rounding. Default `false`. */
  readonly mixesBatch?: boolean;
}

const x: TestInput = { shape: [3, 6, 7, 5] };
const channels = (count = 6): TestInput => ({ shape: [count], layout: "channels" });
const positive: TestInput = { ...channels(), values: [0.5, 1, 1.5, 2, 0.25, 3] };

/** An op of one image that is linear, and treats images one by one. */
function linear(name: string, build: (x: Tensor) => Tensor): OpUnderTest {
  return { ...perImage(name, build), linearIn: [["x"]] };
}

/** An op of one image that treats images one by one. */
function perImage(name: string, build: (x: Tensor) => Tensor): OpUnderTest {
  return { name, inputs: { x }, build: (tensors) => build(get(tensors, "x")), batched: ["x"] };
}

/** Every op of images. */
export const opsUnderTest: readonly OpUnderTest[] = [
  ...[{}, { stride: 2, padding: "same" as const }, { padding: 3, dilation: 3 }].map((options) => ({
    name: `conv2d(${JSON.stringify(options)})`,
    inputs: { x, w: { shape: [5, 6, 3, 3], layout: "convolution" as const } },
    build: (tensors: Readonly<Record<string, Tensor>>) => conv2d(get(tensors, "x"), get(tensors, "w"), options),
    linearIn: [["x"], ["w"]],
    batched: ["x"],
  })),
  ...[{ padding: 1 }, { stride: 2, padding: "same" as const }, { padding: 2, dilation: 2 }].map((options) => ({
    name: `depthwiseConv2d(${JSON.stringify(options)})`,
    inputs: { x, w: { shape: [6, 1, 3, 3], layout: "depthwise" as const } },
    build: (tensors: Readonly<Record<string, Tensor>>) =>
      depthwiseConv2d(get(tensors, "x"), get(tensors, "w"), options),
    linearIn: [["x"], ["w"]],
    batched: ["x"],
  })),
  {
    name: "conv2d() with bias and residual",
    inputs: { x, w: { shape: [5, 6, 3, 3], layout: "convolution" }, bias: channels(5), z: { shape: [3, 5, 7, 5] } },
    build: (tensors) => {
      const epilogue = { bias: get(tensors, "bias"), residual: get(tensors, "z") };
      return conv2d(get(tensors, "x"), get(tensors, "w"), { padding: 1, epilogue });
    },
    linearIn: [["x", "bias", "z"], ["w", "bias", "z"]],
    batched: ["x", "z"],
  },
  {
    name: "conv2d() with a batch norm folded in",
    inputs: {
      ...{ x, w: { shape: [5, 6, 3, 3], layout: "convolution" }, z: { shape: [3, 5, 7, 5] } },
      scaleAndShift: { shape: [2, 5], layout: "channels" },
    },
    build: (tensors) => {
      const norm = { scaleAndShift: get(tensors, "scaleAndShift"), activation: "relu" } as const;
      return conv2d(get(tensors, "x"), get(tensors, "w"), {
        padding: 1,
        epilogue: { ...norm, residual: get(tensors, "z") },
      });
    },
    batched: ["x", "z"],
  },
  {
    name: "add()",
    inputs: { x, z: x },
    build: (tensors) => add(get(tensors, "x"), get(tensors, "z")),
    linearIn: [["x", "z"]],
    batched: ["x", "z"],
  },
  {
    name: "concat()",
    inputs: { x, z: { shape: [3, 3, 7, 5] } },
    build: (tensors) => concat([get(tensors, "x"), get(tensors, "z")]),
    linearIn: [["x", "z"]],
    batched: ["x", "z"],
  },
  linear("scale()", (x) => scale(x, -2.3)),
  { ...linear("sliceChannels()", (x) => sliceChannels(x, { from: 2, count: 3 })), hasGradient: false },
  { name: "channelSum()", inputs: { x }, build: (t) => channelSum(get(t, "x")), linearIn: [["x"]], hasGradient: false },
  linear("crop()", (x) => crop(x, { top: -1, left: 2, height: 5, width: 6 })),
  linear("averagePool2d()", (x) => averagePool2d(x, { kernel: 3, stride: 2, padding: 1, ceilMode: true })),
  linear("globalAveragePool()", globalAveragePool),
  linear("bilinearResize() upwards", (x) => bilinearResize(x, { height: 16, width: 13 })),
  {
    name: "bilinearResize() with a residual",
    inputs: { x, z: { shape: [3, 6, 9, 8] } },
    build: (tensors) => bilinearResize(get(tensors, "x"), { height: 9, width: 8, residual: get(tensors, "z") }),
    linearIn: [["x", "z"]],
    batched: ["x", "z"],
  },
  {
    name: "weightInputs()",
    inputs: { w: { shape: [5, 10, 3, 1], layout: "convolution" } },
    build: (tensors) => weightInputs(get(tensors, "w"), { from: 4, count: 6 }),
    linearIn: [["w"]],
  },
  linear("bilinearResize() downwards, aligned", (x) => bilinearResize(x, { height: 3, width: 4, alignCorners: true })),
  {
    name: "dropout()",
    inputs: { x, key: { shape: [4], layout: "plain", dtype: "u32", values: [1, 2, 3, 4] } },
    build: (tensors) => dropout(get(tensors, "x"), { probability: 0.4, key: get(tensors, "key") }),
    linearIn: [["x"]],
  },
  {
    name: "dropout() of whole channels",
    inputs: { x, key: { shape: [4], layout: "plain", dtype: "u32", values: [1, 2, 3, 4] } },
    build: (tensors) => dropout(get(tensors, "x"), { probability: 0.4, key: get(tensors, "key"), of: "channels" }),
    linearIn: [["x"]],
  },
  perImage("maxPool2d()", (x) => maxPool2d(x, { kernel: 3, stride: 2, padding: 1, ceilMode: true })),
  perImage("relu()", relu),
  perImage("relu6()", relu6),
  perImage("leakyRelu()", (x) => leakyRelu(x)),
  perImage("softmax()", softmax),
  {
    name: "batchNorm()",
    inputs: { x, gamma: channels(), beta: channels(), mean: channels(), variance: positive },
    build: (tensors) =>
      batchNorm(get(tensors, "x"), {
        gamma: get(tensors, "gamma"),
        beta: get(tensors, "beta"),
        mean: get(tensors, "mean"),
        variance: get(tensors, "variance"),
      }),
    linearIn: [["gamma", "beta"]],
    batched: ["x"],
  },
  {
    name: "batchNormTraining()",
    inputs: { x, gamma: channels(), beta: channels() },
    build: (tensors) =>
      batchNormTraining(get(tensors, "x"), { gamma: get(tensors, "gamma"), beta: get(tensors, "beta") }),
    linearIn: [["gamma", "beta"]],
    batched: ["x"],
    mixesBatch: true,
  },
];

function get(tensors: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new Error(`The op under test has no input ${name}`);
  return tensor;
}
