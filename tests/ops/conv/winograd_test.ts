import { assert, assertEquals } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { conv2d } from "../../../src/ops/conv/conv2d.ts";
import type { ConvolutionOptions } from "../../../src/ops/conv/geometry.ts";
import { gradients } from "../../../src/ops/gradients.ts";
import { checkConv2d } from "./check.ts";

interface WinogradCase extends ConvolutionOptions {
  readonly input: readonly number[];
  readonly weight: readonly number[];
}

Deno.test("conv2d() matches its definition and its gradients by Winograd's method with kernels for GPUs", async () => {
  const [shape, weight, options] = [[1, 66, 4, 5], [64, 66, 3, 3], { padding: 1 }];
  await checkConv2d({ input: shape, weight, options, traits: { software: false }, gradientOf: ["x", "w"] });
});

const winogradCases: WinogradCase[] = [
  { input: [2, 36, 9, 13], weight: [33, 36, 3, 3], padding: 1 },
  { input: [1, 32, 15, 24], weight: [40, 32, 3, 3], padding: 2, dilation: 2 },
  { input: [1, 32, 10, 14], weight: [32, 32, 3, 3] },
  { input: [1, 32, 8, 7], weight: [32, 32, 3, 3], padding: { top: 0, bottom: 3, left: 4, right: 1 } },
  { input: [2, 34, 7, 11], weight: [35, 34, 3, 3], padding: 5, dilation: 5 },
  { input: [1, 5, 1, 1], weight: [6, 5, 3, 3], padding: 1 },
];
for (const method of ["winograd", "winograd 2×2"] as const) {
  for (const { input: shape, weight, ...options } of winogradCases) {
    const what = `${shape.join("×")} → ${weight[0]} channels, padding ${JSON.stringify(options.padding ?? 0)}`;
    for (const software of [true, false]) {
      const traits = { software, schedule: { method } };
      const kind = software ? "software adapters" : "GPUs";
      Deno.test(`conv2d() matches its definition and its gradients by ${method} for ${kind}: ${what}`, async () => {
        await checkConv2d({ input: shape, weight, options, traits, gradientOf: ["x", "w"] });
      });
    }
  }
}

Deno.test("conv2d() and its gradients take the tiles of Winograd that are fastest on software adapters, and 4×4 or none on GPUs", () => {
  const tiles = (channels: number, sides: readonly [number, number], dilation: number, software: boolean) => {
    const x = input("x", [2, channels, ...sides]);
    const w = input("w", [channels, channels, 3, 3], { layout: "convolution" });
    const y = conv2d(x, w, { padding: dilation, dilation });
    return [y, ...gradients(y, [x, w], input("dy", y.shape))].map((tensor) => {
      const calls = tensor.definition.kernels?.(tensor, { software }).calls ?? [];
      const transforms = calls.find(({ shader }) => shader.name === "winograd/winograd_input")?.shader.includes
        ?.TRANSFORMS;
      return transforms?.slice("lib/winograd_".length, -".wgsl".length) ?? "direct";
    });
  };
  const [large, small, direct] = ["4x4", "2x2", "direct"];
  assertEquals(tiles(64, [64, 128], 1, true), [large, large, large]);
  assertEquals(tiles(256, [32, 64], 12, true), [large, large, large]);
  assertEquals(tiles(256, [6, 8], 1, true), [small, small, small]);
  // The weight gradient's direct form leaves out the taps outside the image, which are half of all.
  assertEquals(tiles(256, [32, 64], 18, true), [small, small, direct]);
  assertEquals(tiles(96, [32, 64], 24, true), [direct, direct, direct]);
  assertEquals(tiles(64, [5, 5], 1, true), [direct, direct, direct]);
  assertEquals(tiles(28, [64, 128], 1, true), [direct, direct, direct]);
  assertEquals(tiles(256, [6, 8], 1, false), [large, large, large]);
  assertEquals(tiles(256, [32, 64], 18, false), [direct, direct, direct]);
});

Deno.test("conv2d() takes the direct form where Winograd's weights would be larger than an adapter can bind", () => {
  const first = (channels: number) => {
    const y = conv2d(
      input("x", [1, channels, 32, 32]),
      input("w", [channels, channels, 3, 3], { layout: "convolution" }),
      { padding: 1 },
    );
    return y.definition.kernels?.(y, { software: true }).calls[0]?.shader.includes?.TRANSFORMS;
  };
  assertEquals([first(512), first(1024), first(2048)], [
    "lib/winograd_4x4.wgsl",
    "lib/winograd_2x2.wgsl",
    undefined,
  ]);
});

Deno.test("on software adapters large convolutions go by Winograd's method in slices, none takes more than 128 MiB", () => {
  for (const [batch, height, width, inputs, outputs] of [[1, 64, 512, 512, 128], [1, 64, 2048, 128, 128]] as const) {
    const x = input("x", [batch, inputs, height, width]);
    const w = input("w", [outputs, inputs, 3, 3], { layout: "convolution" });
    const y = conv2d(x, w, { padding: 1 });
    const dy = input("dy", y.shape);
    for (const tensor of [y, ...gradients(y, [x, w], dy)]) {
      for (const maxBindingBytes of [2 ** 27, 2 ** 31]) {
        const plan = tensor.definition.kernels?.(tensor, { software: true, maxBindingBytes });
        const names = plan?.calls.map(({ shader }) => shader.name) ?? [];
        assert(names.includes("winograd/winograd_input"), `${tensor}: ${names}`);
        assert(Math.max(...plan?.scratchBytes ?? []) <= 2 ** 27, `${tensor}: ${plan?.scratchBytes}`);
      }
    }
  }
});
