import { assertEquals, assertThrows } from "@std/assert";
import { input, layer, type Tensor } from "../../src/graph/tensor.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { depthwiseConv2d } from "../../src/ops/conv/depthwise_conv2d.ts";
import type { ConvolutionOptions } from "../../src/ops/conv/geometry.ts";
import { averagePool2d } from "../../src/ops/pool/average_pool2d.ts";
import type { PoolOptions } from "../../src/ops/pool/geometry.ts";
import { maxPool2d } from "../../src/ops/pool/max_pool2d.ts";

const x = input("x", [1, 8, 5, 7]);
const dense = input("w", [4, 8, 3, 3], { layout: "convolution" });
const depthwise = input("w", [8, 1, 3, 3], { layout: "depthwise" });

/** Every op with a window, as a function of options that all of them have. */
const ops: Record<string, (options: ConvolutionOptions & Partial<PoolOptions>) => Tensor> = {
  conv2d: (options) => conv2d(x, dense, options),
  depthwiseConv2d: (options) => depthwiseConv2d(x, depthwise, options),
  maxPool2d: ({ padding = 0, ...options }) => maxPool2d(x, { kernel: 3, padding: padding as number, ...options }),
  averagePool2d: ({ padding = 0, ...options }) =>
    averagePool2d(x, { kernel: 3, padding: padding as number, ...options }),
};

const sides = { top: 0, bottom: 0, left: 0, right: 0 };

for (const [op, build] of Object.entries(ops)) {
  Deno.test(`${op}() refuses strides and paddings that are no such whole numbers, and says where`, () => {
    const refuses = (options: Parameters<typeof build>[0], problem: string) =>
      assertThrows(
        () => layer("backbone.conv1", () => build(options)),
        RangeError,
        `Cannot add "backbone.conv1" (${op}): ${problem}`,
      );
    for (const stride of [1.5, 0, -1, NaN, Infinity]) {
      refuses({ stride }, `stride is ${stride}, expected a whole number of at least 1`);
    }
    for (const padding of [0.5, -1, NaN]) {
      refuses({ padding }, `padding is ${padding}, expected a whole number of at least 0`);
      for (const side of ["top", "bottom", "left", "right"]) {
        const only = { ...sides, [side]: padding };
        refuses({ padding: only }, `padding.${side} is ${padding}, expected a whole number of at least 0`);
      }
    }
    // As a caller without types may write them.
    refuses(JSON.parse('{ "stride": "2" }'), "stride is 2, expected a whole number of at least 1");
    refuses(JSON.parse('{ "padding": "valid" }'), "padding is valid, expected a whole number of at least 0");
    refuses(JSON.parse('{ "padding": { "top": 1 } }'), "padding.bottom is undefined, expected");
  });
}

for (const op of ["conv2d", "depthwiseConv2d"] as const) {
  Deno.test(`${op}() refuses dilations that are no whole number of at least 1, and kernels that do not fit`, () => {
    for (const dilation of [1.5, 0, -2]) {
      assertThrows(
        () => ops[op]?.({ dilation }),
        RangeError,
        `(${op}): dilation is ${dilation}, expected a whole number of at least 1`,
      );
    }
    assertEquals(ops[op]?.({ dilation: 2 }).shape.slice(2), [1, 3]);
    assertThrows(
      () => ops[op]?.({ dilation: 3, padding: { ...sides, left: 1 } }),
      RangeError,
      `(${op}): the 3×3 kernel with dilation 3 does not fit into 5×7 pixels with padding 0, 0, 1, 0`,
    );
    assertEquals(ops[op]?.({ dilation: 3, padding: { ...sides, top: 1, bottom: 1 } }).shape.slice(2), [1, 1]);
  });
}

Deno.test("convolutions say which layout their weight has, and which channels it takes", () => {
  const cases: [() => Tensor, string][] = [
    [
      () => conv2d(x, input("w", [4, 8, 3, 3])),
      '(conv2d): the weight [4, 8, 3, 3] has layout "activation", expected "convolution"',
    ],
    [() => conv2d(x, depthwise), '(conv2d): the weight [8, 1, 3, 3] has layout "depthwise", expected "convolution"'],
    [
      () => depthwiseConv2d(x, dense),
      '(depthwiseConv2d): the weight [4, 8, 3, 3] has layout "convolution", expected "depthwise"',
    ],
    [
      () => depthwiseConv2d(x, input("w", [8, 2, 3, 3], { layout: "depthwise" })),
      "(depthwiseConv2d): the weight has the shape [8, 2, 3, 3], expected [C, 1, R, S], one kernel per channel",
    ],
    [
      () => conv2d(x, input("w", [4, 8, 3], { layout: "convolution" })),
      "(conv2d): the weight has the shape [4, 8, 3], expected [O, I, R, S]",
    ],
    [
      () => conv2d(x, input("w", [4, 9, 3, 3], { layout: "convolution" })),
      "(conv2d): input has 8 channels, weight [4, 9, 3, 3] takes 9",
    ],
    [
      () => depthwiseConv2d(x, input("w", [4, 1, 3, 3], { layout: "depthwise" })),
      "(depthwiseConv2d): input has 8 channels, weight [4, 1, 3, 3] takes 4",
    ],
    [
      () => conv2d(input("x", [5, 7], { layout: "plain" }), dense),
      '(conv2d): the input (input) [5, 7] has layout "plain", expected an image [N, C, H, W] of layout "activation"',
    ],
  ];
  for (const [build, problem] of cases) assertThrows(build, RangeError, problem);
});

Deno.test("poolings check their window, and that no side of the padding is more than half of it", () => {
  const refuses = (options: PoolOptions, problem: string) => {
    assertThrows(() => maxPool2d(x, options), RangeError, `(maxPool2d): ${problem}`);
    assertThrows(() => averagePool2d(x, options), RangeError, `(averagePool2d): ${problem}`);
  };
  refuses({ kernel: 1.5 }, "kernel rows is 1.5, expected a whole number of at least 1");
  refuses({ kernel: [3, 0], stride: 1 }, "kernel columns is 0, expected a whole number of at least 1");
  refuses({ kernel: 3, padding: 2 }, "padding is 2, more than half of the 3×3 window; expected at most 1");
  refuses(
    { kernel: [4, 3], stride: 2, padding: { top: 2, bottom: 2, left: 1, right: 2 } },
    "padding.right is 2, more than half of the 4×3 window; expected at most 1",
  );
  refuses({ kernel: 6, stride: 1 }, "the 6×6 kernel does not fit into 5×7 pixels");
  assertEquals(maxPool2d(x, { kernel: 6, stride: 2, ceilMode: true }).shape, [1, 8, 1, 2]);
  refuses({ kernel: 7, stride: 2, ceilMode: true }, "the 7×7 kernel does not fit into 5×7 pixels");
});

Deno.test("a 3×3 pooling of stride 2 and padding 1 in ceil mode gives 65×129 pixels of 128×256", () => {
  const image = input("x", [1, 64, 128, 256]);
  const options = { kernel: 3, stride: 2, padding: 1 };
  assertEquals(maxPool2d(image, { ...options, ceilMode: true }).shape, [1, 64, 65, 129]);
  assertEquals(maxPool2d(image, options).shape, [1, 64, 64, 128]);
  assertEquals(maxPool2d(input("x", [1, 64, 129, 257]), { kernel: 2, ceilMode: true }).shape, [1, 64, 65, 129]);
});
