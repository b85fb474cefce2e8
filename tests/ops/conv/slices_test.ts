import type { DeviceTraits } from "../../../src/graph/tensor.ts";
import { input } from "../../../src/graph/tensor.ts";
import { conv2d } from "../../../src/ops/conv/conv2d.ts";
import { depthwiseConv2d } from "../../../src/ops/conv/depthwise_conv2d.ts";
import type { ConvolutionOptions } from "../../../src/ops/conv/geometry.ts";
import { checkSlices, withGradients } from "../sliced.ts";

interface Case extends ConvolutionOptions {
  readonly name: string;
  readonly input: readonly number[];
  readonly weight: readonly number[];
  readonly limits: readonly number[];
  readonly traits?: readonly DeviceTraits[];
}

const cases: Case[] = [
  { name: "a 1×1 kernel", input: [3, 8, 13, 7], weight: [12, 8, 1, 1], limits: [6000, 1500] },
  { name: "a 1×1 kernel with stride 2", input: [2, 8, 11, 6], weight: [4, 8, 1, 1], stride: 2, limits: [900] },
  { name: "a 3×3 kernel, odd sides", input: [3, 5, 13, 9], weight: [6, 5, 3, 3], padding: 1, limits: [8000, 2400] },
  {
    name: "stride 2 on odd sides",
    input: [2, 4, 17, 7],
    weight: [8, 4, 3, 3],
    padding: 1,
    stride: 2,
    limits: [1200],
  },
  {
    name: "stride 3 and dilation 2",
    input: [2, 4, 26, 11],
    weight: [4, 4, 3, 3],
    padding: 2,
    stride: 3,
    dilation: 2,
    limits: [1800],
  },
  {
    name: "few inputs at stride 2",
    input: [2, 3, 33, 15],
    weight: [4, 3, 3, 3],
    ...{ padding: 1, stride: 2 },
    limits: [3200],
    traits: [{ software: true }],
  },
  {
    name: "dilation 4 and padding as wide",
    input: [2, 8, 21, 7],
    weight: [7, 8, 3, 3],
    padding: 4,
    dilation: 4,
    limits: [5000, 3200],
  },
  {
    name: "more padding below than the kernel reaches",
    input: [1, 8, 9, 5],
    weight: [8, 8, 2, 3],
    padding: { top: 3, bottom: 4, left: 2, right: 0 },
    limits: [1600],
  },
  {
    name: "few outputs",
    input: [2, 64, 15, 9],
    weight: [5, 64, 3, 3],
    padding: 1,
    limits: [20_000],
  },
  {
    name: "workgroup products whose sums are cut",
    input: [2, 64, 40, 6],
    weight: [20, 64, 3, 3],
    padding: 1,
    limits: [70_000, 48_000],
    traits: [{ software: false, schedule: { method: "direct", staging: "workgroup" } }, {
      software: false,
      schedule: { method: "direct", staging: "workgroup", splits: 2 },
    }],
  },
  {
    name: "strided workgroup products",
    input: [2, 32, 61, 8],
    weight: [36, 32, 3, 3],
    padding: 1,
    stride: 2,
    limits: [44_000],
    traits: [{ software: false }],
  },
];
// The transformed weights take 186,624 bytes, or 82,944.
for (const tile of ["winograd", "winograd 2×2"] as const) {
  for (const [dilation, limits] of [[1, [430_000, 190_000]], [2, [190_000]]] as const) {
    cases.push({
      name: `${tile}, dilation ${dilation}`,
      input: [2, 34, 61, 11],
      weight: [33, 34, 3, 3],
      ...{ padding: dilation, dilation, limits },
      traits: [{ software: true, schedule: { method: tile } }, { software: false, schedule: { method: tile } }],
    });
  }
}

for (const { name, input: shape, weight, limits, traits, ...options } of cases) {
  Deno.test(`conv2d() and its gradients are the same in slices: ${name}`, async () => {
    const x = input("x", shape);
    const w = input("w", weight, { layout: "convolution" });
    const outputs = withGradients(conv2d(x, w, options), { x, w });
    // By Winograd's method the sums over tiles are those of the whole.
    const sums = name.startsWith("winograd") ? [] : ["d w"];
    await checkSlices({ outputs, sums, limits, ...traits === undefined ? {} : { traits } });
  });
}

Deno.test("conv2d() in slices takes the slices of its residual", async () => {
  const x = input("x", [2, 8, 13, 7]);
  const bias = input("bias", [12], { layout: "channels" });
  const residual = input("residual", [2, 12, 13, 7]);
  const w = input("w", [12, 8, 3, 3], { layout: "convolution" });
  const y = conv2d(x, w, { padding: 1, epilogue: { bias, residual } });
  await checkSlices({ outputs: withGradients(y, { x, residual }), limits: [6000, 3600] });
});

for (
  const [kernel, weight, limits] of [
    ["3×3", [21, 14, 3, 3], [8500, 4400]],
    ["1×1", [42, 38, 1, 1], [3600, 2900]],
  ] as const
) {
  Deno.test(`conv2d() and its gradients are the same where ${kernel} weights are larger than a binding`, async () => {
    const x = input("x", [2, weight[1], 4, 3]);
    const w = input("w", weight, { layout: "convolution" });
    const bias = input("bias", [weight[0]], { layout: "channels" });
    const residual = input("residual", [2, weight[0], 4, 3]);
    const y = conv2d(x, w, { padding: weight[2] === 3 ? 1 : 0, epilogue: { bias, residual } });
    await checkSlices({ outputs: withGradients(y, { x, w }), sums: ["d w"], limits });
  });
}

Deno.test("conv2d() with a batch norm folded in, and its gradients, are the same in slices", async () => {
  const x = input("x", [2, 8, 13, 7]);
  const residual = input("residual", [2, 12, 13, 7]);
  const w = input("w", [12, 8, 3, 3], { layout: "convolution" });
  const scaleAndShift = input("scale and shift", [2, 12], { layout: "channels" });
  const y = conv2d(x, w, { padding: 1, epilogue: { scaleAndShift, activation: "relu", residual } });
  await checkSlices({ outputs: withGradients(y, { x, residual, w }), sums: ["d w"], limits: [6000, 3600] });
});

Deno.test("conv2d() with a batch norm folded in is the same where its weights are larger than a binding", async () => {
  const x = input("x", [1, 14, 5, 4]);
  const w = input("w", [21, 14, 3, 3], { layout: "convolution" });
  const scaleAndShift = input("scale and shift", [2, 21], { layout: "channels" });
  const y = conv2d(x, w, { padding: 2, dilation: 2, epilogue: { scaleAndShift, activation: "relu" } });
  await checkSlices({ outputs: { y }, limits: [5000] });
});

const depthwiseCases: Case[] = [
  { name: "stride 1", input: [3, 6, 19, 9], weight: [6, 1, 3, 3], padding: 1, limits: [7000, 2000] },
  { name: "dilation 3", input: [2, 9, 29, 5], weight: [9, 1, 3, 3], padding: 3, dilation: 3, limits: [7000, 4500] },
  { name: "stride 2", input: [2, 6, 25, 9], weight: [6, 1, 3, 3], padding: 1, stride: 2, limits: [7300, 2000] },
  {
    name: "stride 2 and dilation 2",
    input: [2, 6, 25, 9],
    weight: [6, 1, 3, 3],
    ...{ padding: 2, stride: 2, dilation: 2 },
    limits: [7300, 2500],
  },
];
for (const { name, input: shape, weight, limits, ...options } of depthwiseCases) {
  Deno.test(`depthwiseConv2d() and its gradients are the same in slices: ${name}`, async () => {
    const x = input("x", shape);
    const w = input("w", weight, { layout: "depthwise" });
    const outputs = withGradients(depthwiseConv2d(x, w, options), { x, w });
    await checkSlices({ outputs, sums: ["d w"], limits });
  });
}
