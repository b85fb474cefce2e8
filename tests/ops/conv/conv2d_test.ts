import { assertEquals, assertThrows } from "@std/assert";
import { conv2d } from "../../../src/ops/conv/conv2d.ts";
import { convolutionGeometry, type ConvolutionOptions } from "../../../src/ops/conv/geometry.ts";
import { input } from "../../../src/graph/tensor.ts";
import { conv2d as twin } from "../../twins/conv2d.ts";
import { checkOp } from "../harness.ts";

interface Case extends ConvolutionOptions {
  readonly name: string;
  readonly input: readonly number[];
  readonly weight: readonly number[];
}

const cases: Case[] = [
  { name: "a 1×1 kernel", input: [2, 8, 5, 7], weight: [12, 8, 1, 1] },
  { name: "a 3×3 kernel with padding 1", input: [3, 5, 7, 9], weight: [6, 5, 3, 3], padding: 1 },
  { name: "stride 2 on odd sides", input: [2, 4, 9, 7], weight: [8, 4, 3, 3], padding: 1, stride: 2 },
  {
    name: "TensorFlow's SAME padding at stride 2",
    input: [2, 3, 8, 10],
    weight: [24, 3, 3, 3],
    padding: "same",
    stride: 2,
  },
  { name: "dilation 4 on a 5×7 image", input: [1, 8, 5, 7], weight: [7, 8, 3, 3], padding: 4, dilation: 4 },
  { name: "a 1×1 kernel with stride 2", input: [2, 8, 5, 6], weight: [4, 8, 1, 1], stride: 2 },
  { name: "a 7×7 kernel with stride 2", input: [1, 3, 17, 15], weight: [4, 3, 7, 7], padding: 3, stride: 2 },
  { name: "stride 3 and dilation 2", input: [1, 4, 14, 11], weight: [4, 4, 3, 3], padding: 2, stride: 3, dilation: 2 },
  {
    name: "a 2×3 kernel with asymmetric padding",
    input: [1, 4, 6, 5],
    weight: [4, 4, 2, 3],
    padding: { top: 0, bottom: 1, left: 2, right: 0 },
  },
  { name: "operands of several texture rows and a ragged last one", input: [1, 68, 9, 31], weight: [68, 68, 1, 1] },
  { name: "a 3×3 kernel with many channels", input: [2, 36, 9, 13], weight: [33, 36, 3, 3], padding: 1 },
  { name: "many channels and dilation 2", input: [1, 32, 15, 24], weight: [40, 32, 3, 3], padding: 2, dilation: 2 },
  { name: "many channels without padding", input: [1, 32, 10, 14], weight: [32, 32, 3, 3] },
  {
    name: "many channels and asymmetric, wide padding",
    input: [1, 32, 8, 7],
    weight: [32, 32, 3, 3],
    padding: { top: 0, bottom: 3, left: 4, right: 1 },
  },
  { name: "one pixel and one channel", input: [1, 1, 1, 1], weight: [1, 1, 1, 1] },
];

const kinds = [
  { kind: "operands in textures", traits: { software: true } },
  { kind: "operands in buffers", traits: { software: false } },
  { kind: "the direct form", traits: { software: true, direct: true } },
];

for (
  const [{ name, input: shape, weight, ...options }, { kind, traits }] of cases.flatMap((c) =>
    kinds.map((k) => [c, k] as const)
  )
) {
  Deno.test(`conv2d() matches its definition and its gradients with ${name}, ${kind}`, async () => {
    const geometry = convolutionGeometry(shape, [weight[2] ?? 1, weight[3] ?? 1], options);
    await checkOp({
      inputs: { x: { shape }, w: { shape: weight, layout: "convolution" } },
      op: ({ x, w }) => conv2d(x, w, options),
      twin: ({ x, w }) => twin(x, w, { ...geometry, input: shape, weight }),
      gradientOf: ["x", "w"],
      traits,
    });
  });
}

Deno.test("conv2d() names the layer and both shapes when channels differ", () => {
  const x = input("x", [1, 5, 4, 4]);
  const w = input("w", [8, 4, 3, 3], { layout: "convolution" });
  assertThrows(() => conv2d(x, w), RangeError, "input has 5 channels, weight [8, 4, 3, 3] takes 4");
});

Deno.test("conv2d() with SAME padding gives ⌈size / stride⌉ pixels", () => {
  const x = input("x", [1, 4, 227, 320]);
  const w = input("w", [4, 4, 3, 3], { layout: "convolution" });
  assertEquals(conv2d(x, w, { padding: "same", stride: 2 }).shape, [1, 4, 114, 160]);
});
