import { assertEquals, assertThrows } from "@std/assert";
import { conv2d } from "../../../src/ops/conv/conv2d.ts";
import { conv2dInputGrad } from "../../../src/ops/conv/conv2d_input_grad.ts";
import { convolutionGeometry, type ConvolutionOptions } from "../../../src/ops/conv/geometry.ts";
import { type DeviceTraits, input } from "../../../src/graph/tensor.ts";
import { randomValues, runGraph, size } from "../harness.ts";
import { checkConv2d } from "./check.ts";

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
  {
    name: "two channels in, ragged tiles and asymmetric padding",
    input: [2, 2, 6, 21],
    weight: [29, 2, 3, 3],
    padding: { top: 3, bottom: 0, left: 1, right: 2 },
    dilation: 2,
  },
  {
    name: "three channels in, a stride larger than the kernel and more rows than a tile",
    input: [2, 3, 71, 9],
    weight: [5, 3, 2, 3],
    padding: { top: 1, bottom: 0, left: 3, right: 2 },
    stride: 4,
  },
  {
    name: "three channels in, a dilation larger than the stride and more rows than a tile",
    input: [2, 3, 35, 12],
    weight: [10, 3, 3, 2],
    padding: { top: 2, bottom: 5, left: 0, right: 3 },
    stride: 2,
    dilation: 3,
  },
  {
    name: "two channels in and a dilation that the stride divides",
    input: [1, 2, 19, 11],
    weight: [6, 2, 2, 3],
    padding: { top: 5, bottom: 0, left: 4, right: 1 },
    stride: 2,
    dilation: 4,
  },
  { name: "three channels in and a 5×5 kernel", input: [1, 3, 18, 7], weight: [7, 3, 5, 5], padding: 2 },
  { name: "three channels in, 1×1 with stride 2", input: [2, 3, 6, 7], weight: [9, 3, 1, 1], padding: 1, stride: 2 },
  { name: "three channels in and stride 6", input: [1, 3, 15, 20], weight: [4, 3, 3, 3], padding: 1, stride: 6 },
  { name: "few outputs of many channels", input: [2, 67, 7, 6], weight: [7, 67, 3, 3], padding: 6, dilation: 6 },
  {
    name: "nineteen outputs of many channels and asymmetric padding",
    input: [1, 64, 5, 9],
    weight: [19, 64, 3, 2],
    padding: { top: 3, bottom: 0, left: 0, right: 2 },
  },
  { name: "one output of many channels without padding", input: [1, 64, 4, 5], weight: [1, 64, 2, 3] },
  { name: "one channel in and out", input: [3, 1, 7, 10], weight: [1, 1, 3, 2], padding: 1, stride: 3 },
  { name: "full tiles of workgroups", input: [1, 64, 8, 16], weight: [64, 64, 1, 1] },
  { name: "ragged tiles of workgroups", input: [2, 50, 7, 11], weight: [70, 50, 1, 1] },
  { name: "a sum in several parts", input: [1, 36, 15, 19], weight: [20, 36, 1, 1] },
  {
    name: "many channels, stride 2 and a kernel that is not square",
    input: [2, 20, 13, 12],
    weight: [37, 20, 3, 2],
    padding: { top: 2, bottom: 0, left: 1, right: 1 },
    stride: 2,
  },
  {
    name: "many channels, stride 3 and dilation 2",
    input: [1, 20, 14, 11],
    weight: [17, 20, 3, 3],
    padding: 2,
    stride: 3,
    dilation: 2,
  },
  {
    name: "many channels and a stride that shares a factor with the dilation",
    input: [2, 20, 13, 12],
    weight: [17, 20, 5, 3],
    padding: { top: 3, bottom: 4, left: 2, right: 0 },
    stride: 4,
    dilation: 2,
  },
  {
    name: "many channels, 1×1 with stride 2 and padding",
    input: [1, 16, 6, 7],
    weight: [20, 16, 1, 1],
    padding: 1,
    stride: 2,
  },
  { name: "long sums in parts, stride 2", input: [1, 16, 5, 6], weight: [516, 16, 3, 3], padding: "same", stride: 2 },
  { name: "many channels in one tap row", input: [3, 17, 4, 9], weight: [18, 17, 1, 5], padding: 1, dilation: 2 },
  { name: "long sums in parts, 1×1", input: [1, 516, 3, 5], weight: [516, 516, 1, 1] },
  { name: "long sums in parts, 3×3", input: [1, 60, 5, 7], weight: [60, 60, 3, 3], padding: 1 },
  { name: "one pixel and one channel", input: [1, 1, 1, 1], weight: [1, 1, 1, 1] },
];

const kinds = [
  { kind: "operands in textures", traits: { software: true } },
  { kind: "operands in buffers", traits: { software: false } },
  { kind: "the direct form", traits: { software: true, direct: true } },
  { kind: "the direct form for GPUs", traits: { software: false, direct: true } },
];

for (
  const [{ name, input: shape, weight, ...options }, { kind, traits }] of cases.flatMap((c) =>
    kinds.map((k) => [c, k] as const)
  )
) {
  Deno.test(`conv2d() matches its definition and its gradients with ${name}, ${kind}`, async () => {
    await checkConv2d({ input: shape, weight, options, traits, gradientOf: ["x", "w"] });
  });
}

for (const { kind, traits } of kinds.filter(({ traits }) => traits.direct)) {
  Deno.test(`a number that is not finite reaches only the pixels whose window sees it, not those in the padding: ${kind}`, async () => {
    const [batch, channels, height, width] = [2, 5, 7, 9];
    const shape = [batch, channels, height, width];
    const values = randomValues(size(shape), "x");
    values[0] = Infinity;
    const geometry = convolutionGeometry(shape, [3, 3], { padding: 1 });
    const inputs = { x: { shape, values }, w: { shape: [5, 5, 3, 3], layout: "convolution" } } as const;
    const results = await runGraph(
      inputs,
      ({ x, w }) => ({ y: conv2d(x, w, { padding: 1 }), dx: conv2dInputGrad(x, w, { geometry }) }),
      traits,
    );
    const wanted = Array.from({ length: size(shape) }, (_, index) => {
      const [row, column] = [Math.floor(index / width) % height, index % width];
      return index >= size(shape) / batch || row > 1 || column > 1;
    });
    for (const [name, found] of Object.entries(results)) assertEquals(Array.from(found, Number.isFinite), wanted, name);
  });
}

Deno.test("conv2d() matches its definition with tall tiles of workgroups, full and ragged", async () => {
  const traits = { software: false, schedule: { staging: "workgroup", tile: [128, 16] } } as const;
  await checkConv2d({ input: [1, 16, 66, 83], weight: [130, 16, 1, 1], traits });
});

Deno.test("conv2d() takes workgroup memory on GPUs, and registers on software adapters and for few channels", () => {
  const kernel = (channels: number, size: number, software: boolean) => {
    const x = input("x", [1, channels, size, size]);
    const y = conv2d(x, input("w", [channels, channels, 1, 1], { layout: "convolution" }));
    const call = y.definition.kernels?.(y, { software }).calls[0];
    return [call?.shader.name, call?.constants.ROW_THREADS, call?.constants.THREAD_ROWS];
  };
  assertEquals(kernel(64, 16, false), ["product/product_workgroup", 4, 4]);
  assertEquals(kernel(64, 128, false), ["product/product_workgroup", 16, 4]);
  assertEquals(kernel(64, 256, false), ["product/product_workgroup", 16, 8]);
  assertEquals(kernel(64, 128, true), ["product/product", undefined, undefined]);
  assertEquals(kernel(12, 128, false), ["product/product", undefined, undefined]);
});

Deno.test("conv2dInputGrad() takes one launch of workgroups for all phases of a stride, the longest sums first", () => {
  const geometry = convolutionGeometry([2, 64, 64, 128], [3, 3], { stride: 2, padding: 1 });
  const call = (stride: number, software = false) => {
    const w = input("w", [128, 64, 3, 3], { layout: "convolution" });
    const dx = conv2dInputGrad(input("dy", [2, 128, 32, 64]), w, { geometry: { ...geometry, stride } });
    return dx.definition.kernels?.(dx, { software });
  };
  const [launch, ...others] = call(2)?.calls ?? [];
  assertEquals([launch?.shader.includes?.LEFT, launch?.workgroups[2], others.length], ["lib/left_phases.wgsl", 4, 0]);
  const table = launch?.bindings.findLast((binding) => typeof binding === "object" && "uniform" in binding);
  // Odd rows and columns have two taps, 0 and 2; the first of them sees the pixel of dy below, or to the right.
  assertEquals(table, {
    uniform: [
      ...[1, 0, 2, 1, 1, 0, 2, 1],
      ...[0, 1, 1, 0, 1, 0, 2, 1],
      ...[1, 0, 2, 1, 0, 1, 1, 0],
      ...[0, 1, 1, 0, 0, 1, 1, 0],
    ],
  });
  assertEquals(call(2, true)?.calls[0]?.shader.name, "conv/conv2d_input_grad");
  // The table of so many phases is larger than a uniform buffer.
  assertEquals(call(64)?.calls[0]?.shader.name, "conv/conv2d_input_grad");
});

Deno.test("conv2dInputGrad() has a kernel of few inputs for software adapters, where the sums of what an output reaches are few", () => {
  const kernel = (options: ConvolutionOptions, traits: DeviceTraits, inputs = 3, outputs = 32) => {
    const geometry = convolutionGeometry([1, inputs, 64, 64], [3, 3], { padding: 1, ...options });
    const dy = input("dy", [1, outputs, geometry.outputHeight, geometry.outputWidth]);
    const w = input("w", [outputs, inputs, 3, 3], { layout: "convolution" });
    const dx = conv2dInputGrad(dy, w, { geometry });
    return dx.definition.kernels?.(dx, traits).calls[0]?.shader.name;
  };
  const [software, stem] = [{ software: true }, { stride: 2 }];
  const [few, general] = ["conv/conv2d_few_inputs_input_grad", "conv/conv2d_input_grad"];
  assertEquals([kernel(stem, software), kernel({}, software), kernel({ stride: 4 }, software)], [few, few, few]);
  assertEquals([kernel({ stride: 6 }, software), kernel({ dilation: 16 }, software)], [general, general]);
  assertEquals([kernel(stem, software, 5), kernel(stem, software, 3, 36)], [general, general]);
  assertEquals(kernel(stem, { software: true, direct: true }), general);
  assertEquals(kernel(stem, { software: true, schedule: { method: "direct", staging: "registers" } }), general);
  assertEquals(kernel(stem, { software: false }), general);
});

Deno.test("conv2d() cuts long sums on GPUs where the grid is small, into parts of bounded memory, and finishes their sum with the epilogue", () => {
  const parts = (channels: number, size: number, schedule: DeviceTraits["schedule"] = {}, isFolded = false) => {
    const scaleAndShift = input("scaleAndShift", [2, 128], { layout: "channels" });
    const x = input("x", [1, channels, size, size]);
    const w = input("w", [128, channels, 1, 1], { layout: "convolution" });
    const y = conv2d(x, w, isFolded ? { epilogue: { scaleAndShift, activation: "relu" } } : {});
    const plan = y.definition.kernels?.(y, { software: false, schedule });
    assertEquals(plan?.calls.map(({ constants }) => constants.HAS_SCALE === true), [
      ...Array.from({ length: (plan?.calls.length ?? 0) - 1 }, () => false),
      isFolded,
    ]);
    return [plan?.calls[0]?.constants.SPLITS, plan?.calls.length, plan?.scratchBytes?.[0]];
  };
  assertEquals(parts(2048, 16), [8, 2, 8 * 128 * 256 * 4]);
  assertEquals(parts(2048, 16, {}, true), parts(2048, 16));
  assertEquals(parts(512, 16), [2, 2, 2 * 128 * 256 * 4]);
  assertEquals(parts(256, 16), [1, 1, undefined]);
  assertEquals(parts(256, 16, {}, true), [1, 1, undefined]);
  assertEquals(parts(2048, 128), [1, 1, undefined]);
  assertEquals(parts(2048, 64, { splits: 64 }), [8, 2, 8 * 128 * 4096 * 4]);
  assertEquals(parts(2048, 128, { splits: 64 }), [4, 2, 4 * 128 * 16384 * 4]);
});

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
