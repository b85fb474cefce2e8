/**
 * The kernels and shapes that are benchmarked, besides the layers of `layer_data.ts`. The shapes are those of the
 * networks at their sizes, not powers of two.
 *
 * @module
 */

import { input, type Tensor } from "../src/graph/tensor.ts";
import { relu6 } from "../src/ops/activation/activation.ts";
import { softmax } from "../src/ops/activation/softmax.ts";
import { add } from "../src/ops/arithmetic/add.ts";
import { concat } from "../src/ops/arithmetic/concat.ts";
import { scale } from "../src/ops/arithmetic/scale.ts";
import { conv2d } from "../src/ops/conv/conv2d.ts";
import { depthwiseConv2d } from "../src/ops/conv/depthwise_conv2d.ts";
import type { ConvolutionOptions } from "../src/ops/conv/geometry.ts";
import { batchNorm } from "../src/ops/norm/batch_norm.ts";
import { averagePool2d } from "../src/ops/pool/average_pool2d.ts";
import { globalAveragePool } from "../src/ops/pool/global_average_pool.ts";
import type { KernelCase } from "./questions.ts";

/** Every case. */
export function kernelCases(): KernelCase[] {
  return [
    convolution([4, 384, 24, 32], 384, 1, {}),
    convolution([4, 768, 24, 32], 768, 1, {}),
    convolution([4, 768, 24, 32], 7, 3, { padding: 6, dilation: 6, hasBias: true }),
    convolution([4, 3, 192, 256], 24, 3, { padding: "same", stride: 2 }),
    depthwise([4, 48, 96, 128], { padding: "same", stride: 2 }),
    depthwise([4, 384, 24, 32], { padding: 2, dilation: 2 }),
    normalization([4, 384, 24, 32]),
    ofImage("ReLU6", [2, 64, 64, 128], relu6),
    ofImage("softmax", [2, 19, 64, 128], softmax),
    ofImage(
      "average pool 3×3 stride 2",
      [2, 64, 64, 128],
      (x) => averagePool2d(x, { kernel: 3, stride: 2, padding: 1 }),
    ),
    ofImage("global average pool", [2, 64, 64, 128], globalAveragePool),
    {
      name: "add 64 at 64×128, batch 2",
      inputs: [input("a", [2, 64, 64, 128]), input("b", [2, 64, 64, 128])],
      build: add,
      directions: [],
    },
    // Its gradient is itself.
    { ...ofImage("scale", [2, 64, 64, 128], (x) => scale(x, 0.1)), directions: [] },
    {
      name: "concat 64 and 32 at 64×128, batch 2",
      inputs: [input("a", [2, 64, 64, 128]), input("b", [2, 32, 64, 128])],
      build: (...parts) => concat(parts),
      directions: ["da"],
    },
  ];
}

function describe([batch, channels, height, width]: readonly number[]): string {
  return `${channels} at ${height}×${width}, batch ${batch}`;
}

function convolution(
  shape: readonly number[],
  outputs: number,
  kernel: number,
  { hasBias = false, ...options }: ConvolutionOptions & { readonly hasBias?: boolean },
): KernelCase {
  const { stride = 1, dilation = 1 } = options;
  const [batch, channels = 1, height, width] = shape;
  const extra = `${stride > 1 ? ` stride ${stride}` : ""}${dilation > 1 ? ` dilation ${dilation}` : ""}`;
  return {
    name: `conv ${kernel}×${kernel}${extra} ${channels}→${outputs} at ${height}×${width}, batch ${batch}`,
    inputs: [
      input("x", shape),
      input("w", [outputs, channels, kernel, kernel], { layout: "convolution" }),
      ...hasBias ? [input("b", [outputs], { layout: "channels" })] : [],
    ],
    build: (x, w, bias) => conv2d(given(x), given(w), { ...options, ...bias && { epilogue: { bias } } }),
    directions: ["dx", "dw", ...hasBias ? ["db"] : []],
  };
}

function depthwise(shape: readonly number[], options: ConvolutionOptions): KernelCase {
  const { stride = 1, dilation = 1 } = options;
  const extra = `${stride > 1 ? ` stride ${stride}` : ""}${dilation > 1 ? ` dilation ${dilation}` : ""}`;
  return {
    name: `depthwise 3×3${extra} ${describe(shape)}`,
    inputs: [input("x", shape), input("w", [shape[1] ?? 1, 1, 3, 3], { layout: "depthwise" })],
    build: (x, w) => depthwiseConv2d(given(x), given(w), options),
    directions: ["dx", "dw"],
  };
}

function normalization(shape: readonly number[]): KernelCase {
  const channels = (name: string) => input(name, [shape[1] ?? 1], { layout: "channels" });
  return {
    name: `batch norm + ReLU6 ${describe(shape)}`,
    inputs: [input("x", shape), channels("gamma"), channels("beta"), channels("mean"), channels("variance")],
    build: (x, gamma, beta, mean, variance) =>
      batchNorm(
        given(x),
        { gamma: given(gamma), beta: given(beta), mean: given(mean), variance: given(variance) },
        { activation: "relu6" },
      ),
    directions: ["dx", "dgamma"],
  };
}

function ofImage(name: string, shape: readonly number[], build: (x: Tensor) => Tensor): KernelCase {
  return {
    name: `${name} ${describe(shape)}`,
    inputs: [input("x", shape)],
    build: (x) => build(given(x)),
    directions: ["dx"],
  };
}

function given(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw new Error("A benchmark case lacks an input");
  return tensor;
}
