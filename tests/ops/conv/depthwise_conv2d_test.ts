import { assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { depthwiseConv2d } from "../../../src/ops/conv/depthwise_conv2d.ts";
import { convolutionGeometry, type ConvolutionOptions } from "../../../src/ops/conv/geometry.ts";
import { activate } from "../../twins/activation.ts";
import { conv2d as twin } from "../../twins/conv2d.ts";
import { checkOp } from "../harness.ts";

interface Case extends ConvolutionOptions {
  readonly name: string;
  readonly input: readonly number[];
  readonly kernel: readonly [number, number];
}

const cases: Case[] = [
  { name: "a 3×3 kernel with padding 1", input: [3, 6, 7, 9], kernel: [3, 3], padding: 1 },
  { name: "a 3×3 kernel and no padding", input: [2, 8, 26, 18], kernel: [3, 3] },
  { name: "several tiles in both axes", input: [1, 5, 31, 19], kernel: [3, 3], padding: "same" },
  { name: "stride 2 on odd sides", input: [2, 4, 9, 7], kernel: [3, 3], padding: 1, stride: 2 },
  { name: "TensorFlow's SAME padding at stride 2", input: [2, 7, 8, 22], kernel: [3, 3], padding: "same", stride: 2 },
  { name: "SAME padding at stride 2 on odd sides", input: [1, 4, 13, 9], kernel: [3, 3], padding: "same", stride: 2 },
  { name: "dilation 2", input: [2, 5, 11, 13], kernel: [3, 3], padding: "same", dilation: 2 },
  { name: "257 channels", input: [1, 257, 5, 7], kernel: [3, 3], padding: "same", dilation: 2 },
  { name: "dilation 4 on a 5×7 image", input: [1, 8, 5, 7], kernel: [3, 3], padding: 4, dilation: 4 },
  { name: "stride 3 and dilation 2", input: [1, 4, 14, 23], kernel: [3, 3], padding: 2, stride: 3, dilation: 2 },
  { name: "stride 2 and dilation 2", input: [1, 4, 14, 11], kernel: [3, 3], padding: 2, stride: 2, dilation: 2 },
  { name: "stride 2 and a 1×1 kernel", input: [1, 4, 7, 6], kernel: [1, 1], stride: 2 },
  { name: "padding wider than the kernel", input: [1, 4, 4, 5], kernel: [2, 2], padding: 3 },
  {
    name: "a 2×5 kernel with asymmetric padding",
    input: [1, 4, 6, 5],
    kernel: [2, 5],
    padding: { top: 0, bottom: 1, left: 3, right: 0 },
  },
  {
    name: "asymmetric padding at stride 2",
    input: [1, 4, 9, 10],
    kernel: [3, 3],
    padding: { top: 2, bottom: 0, left: 1, right: 3 },
    stride: 2,
  },
  { name: "one pixel and one channel", input: [1, 1, 1, 1], kernel: [1, 1] },
];

for (const { name, input: shape, kernel, ...options } of cases) {
  const weight = [shape[1] ?? 1, 1, ...kernel];
  const sizes = { ...convolutionGeometry(shape, kernel, options), input: shape, weight, depthwise: true };
  for (const software of [true, false]) {
    Deno.test(`depthwiseConv2d() matches its definition and its gradients with ${name}${software ? "" : ", tiles for GPUs"}`, async () => {
      await checkOp({
        inputs: { x: { shape }, w: { shape: weight, layout: "depthwise" } },
        op: ({ x, w }) => depthwiseConv2d(x, w, options),
        twin: ({ x, w }) => twin(x, w, sizes),
        gradientOf: ["x", "w"],
        traits: { software },
      });
    });
  }
}

Deno.test("depthwiseConv2d() applies scale, shift, residual and activation of its epilogue", async () => {
  const [shape, weight] = [[2, 6, 7, 9], [6, 1, 3, 3]];
  const sizes = { ...convolutionGeometry(shape, [3, 3], { padding: 1 }), input: shape, weight, depthwise: true };
  await checkOp({
    inputs: {
      x: { shape },
      w: { shape: weight, layout: "depthwise" },
      scaleAndShift: { shape: [2, 6], layout: "channels" },
      residual: { shape },
    },
    op: ({ x, w, scaleAndShift, residual }) =>
      depthwiseConv2d(x, w, { padding: 1, epilogue: { scaleAndShift, activation: "relu6", residual } }),
    twin: ({ x, w, scaleAndShift, residual }) =>
      twin(x, w, sizes).map((value, index) => {
        const channel = Math.floor(index / 63) % 6;
        const scaled = value * (scaleAndShift[channel] ?? 0) + (scaleAndShift[6 + channel] ?? 0);
        return activate(scaled + (residual[index] ?? 0), "relu6");
      }),
  });
});

Deno.test("depthwiseConv2d() adds bias and residual in its epilogue, with gradients", async () => {
  const [shape, weight, options] = [[2, 6, 7, 9], [6, 1, 3, 3], { padding: 1 }];
  const sizes = { ...convolutionGeometry(shape, [3, 3], options), input: shape, weight, depthwise: true };
  await checkOp({
    inputs: {
      x: { shape },
      w: { shape: weight, layout: "depthwise" },
      bias: { shape: [6], layout: "channels" },
      residual: { shape },
    },
    op: ({ x, w, bias, residual }) => depthwiseConv2d(x, w, { ...options, epilogue: { bias, residual } }),
    twin: ({ x, w, bias, residual }) =>
      twin(x, w, sizes).map((value, index) => value + (bias[Math.floor(index / 63) % 6] ?? 0) + (residual[index] ?? 0)),
    gradientOf: ["x", "w", "bias", "residual"],
  });
});

Deno.test("depthwiseConv2d() names both shapes when channels differ", () => {
  const x = input("x", [1, 5, 4, 4]);
  const w = input("w", [8, 1, 3, 3], { layout: "depthwise" });
  assertThrows(() => depthwiseConv2d(x, w), RangeError, "input has 5 channels, weight [8, 1, 3, 3]");
});
