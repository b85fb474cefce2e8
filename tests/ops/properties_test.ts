/**
 * What holds for every op of a kind, whatever the numbers: linear ops are linear and their gradients are their
 * transposes, images of a batch do not see each other, and a few laws of single ops.
 */

import { assert, assertEquals } from "@std/assert";
import { gradients } from "../../src/ops/gradients.ts";
import { input } from "../../src/graph/tensor.ts";
import { relu } from "../../src/ops/activation/activation.ts";
import { softmax } from "../../src/ops/activation/softmax.ts";
import { concat } from "../../src/ops/arithmetic/concat.ts";
import { sliceChannels } from "../../src/ops/arithmetic/slice_channels.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { depthwiseConv2d } from "../../src/ops/conv/depthwise_conv2d.ts";
import { interpolatedCrossEntropy } from "../../src/ops/loss/interpolated_cross_entropy.ts";
import { averagePool2d } from "../../src/ops/pool/average_pool2d.ts";
import { maxPool2d } from "../../src/ops/pool/max_pool2d.ts";
import { bilinearResize } from "../../src/ops/resize/bilinear_resize.ts";
import { Random } from "../../src/random.ts";
import { assertClose, randomValues, runGraph, size, type TestInput } from "./harness.ts";
import { opsUnderTest, type OpUnderTest } from "./properties_ops.ts";

const seed = 20181008;

for (const op of opsUnderTest) {
  const named = `[seed ${seed}]`;
  for (const linear of op.linearIn ?? []) {
    Deno.test(`${op.name} is linear in ${linear.join(" and ")} ${named}`, async () => {
      const [a, b] = [1.75, -0.5];
      const first = inputsOf(op, "first", linear);
      const second = inputsOf(op, "second", linear);
      const mixed: Inputs = { ...first };
      for (const name of linear) {
        const values = valuesOf(first, name).map((value, index) =>
          a * value + b * (valuesOf(second, name)[index] ?? 0)
        );
        mixed[name] = { ...op.inputs[name], shape: shapeOf(op, name), values };
      }
      const [y1, y2, y] = [await forward(op, first), await forward(op, second), await forward(op, mixed)];
      assertClose(y, y1.map((value, index) => a * value + b * (y2[index] ?? 0)), 1e-5, op.name);
    });

    if (op.hasGradient === false) continue;
    Deno.test(`${op.name} has the transpose as its gradient in ${linear.join(" and ")} ${named}`, async () => {
      const inputs = inputsOf(op, "x", []);
      const results: Record<string, Float32Array> = await withGradients(op, inputs, linear);
      const left = dot(results["y"] ?? [], results["dy"] ?? []);
      const right = linear.reduce((sum, name) => sum + dot(valuesOf(inputs, name), results[`d ${name}`] ?? []), 0);
      const scale = norm(results["y"] ?? []) * norm(results["dy"] ?? []);
      assert(Math.abs(left - right) <= 1e-5 * scale, `⟨f(x), y⟩ = ${left}, ⟨x, fᵀ(y)⟩ = ${right}`);
    });
  }

  if (op.batched === undefined) continue;
  const batched = op.batched;
  Deno.test(`${op.name} gives permuted results for a permuted batch ${named}`, async () => {
    const inputs = inputsOf(op, "x", []);
    const permuted: Inputs = { ...inputs };
    for (const name of batched) {
      permuted[name] = { ...op.inputs[name], shape: shapeOf(op, name), values: permute(valuesOf(inputs, name)) };
    }
    const expected = permute(await forward(op, inputs));
    const actual = await forward(op, permuted);
    if (op.mixesBatch) assertClose(actual, expected, 1e-5, op.name);
    else assertEquals(actual, expected);
  });
}

Deno.test(`bilinearResize() keeps constants exactly, up and down [seed ${seed}]`, async () => {
  const value = Math.fround(0.1);
  for (const alignCorners of [false, true]) {
    for (const [height, width] of [[13, 29], [3, 2], [1, 1]] as const) {
      const { y = new Float32Array() } = await runGraph(
        { x: { shape: [1, 5, 7, 6], values: new Float32Array(5 * 7 * 6).fill(value) } },
        ({ x }) => ({ y: bilinearResize(x, { height, width, alignCorners }) }),
      );
      assertEquals(new Set(y), new Set([value]), `${height}×${width}, alignCorners ${alignCorners}`);
    }
  }
});

Deno.test("bilinearResize() to the same size is the identity", async () => {
  for (const alignCorners of [false, true]) {
    const x = { shape: [2, 3, 37, 53], values: randomValues(2 * 3 * 37 * 53, "x", seed) };
    const { y } = await runGraph({ x }, ({ x }) => ({ y: bilinearResize(x, { height: 37, width: 53, alignCorners }) }));
    assertClose(y ?? [], x.values, 1e-5, `alignCorners ${alignCorners}`);
  }
});

Deno.test("averagePool2d() without counting the padding keeps constants", async () => {
  const { y = new Float32Array() } = await runGraph(
    { x: { shape: [1, 3, 7, 8], values: new Float32Array(168).fill(0.7) } },
    ({ x }) => ({
      y: averagePool2d(x, { kernel: 3, stride: 2, padding: 1, ceilMode: true, countPadding: false }),
    }),
  );
  assertClose(y, new Float32Array(y.length).fill(0.7), 1e-6, "mean");
});

Deno.test("maxPool2d() commutes with a monotone function", async () => {
  const options = { kernel: 3, stride: 2, padding: 1 };
  const { before, after } = await runGraph(
    { x: { shape: [2, 5, 9, 7] } },
    ({ x }) => ({ before: maxPool2d(relu(x), options), after: relu(maxPool2d(x, options)) }),
  );
  assertEquals(before, after);
});

Deno.test(`softmax() and the cross-entropy do not change when all logits of a pixel rise together [seed ${seed}]`, async () => {
  const shape = [2, 7, 3, 5];
  const x = randomValues(size(shape), "x", seed);
  const labels = Uint8Array.from({ length: 2 * 6 * 9 }, (_, index) => new Random(seed, "labels").integer(7, index));
  const results: Record<string, Float32Array>[] = [];
  for (const shift of [0, 20]) {
    const values = x.map((value, index) => value + shift * (index % 15 + 1) / 15);
    results.push(
      await runGraph({
        x: { shape, values },
        constant: { shape, values: x.map((value) => value + shift) },
        labels: { shape: [2, 6, 9], values: labels, dtype: "u8", layout: "plain" },
      }, ({ x, constant, labels }) => ({ y: softmax(x), loss: interpolatedCrossEntropy(constant, labels) })),
    );
  }
  assertClose(results[1]?.["y"] ?? [], results[0]?.["y"] ?? [], 1e-5, "softmax");
  assertClose(results[1]?.["loss"] ?? [], results[0]?.["loss"] ?? [], 1e-5, "cross-entropy");
});

Deno.test("softmax() sums to 1 over the channels", async () => {
  const { y = new Float32Array() } = await runGraph({ x: { shape: [1, 6, 4, 5] } }, ({ x }) => ({ y: softmax(x) }));
  const sums = Array.from(
    { length: 20 },
    (_, pixel) => [0, 1, 2, 3, 4, 5].reduce((s, c) => s + (y[c * 20 + pixel] ?? 0), 0),
  );
  assertClose(sums, new Float64Array(20).fill(1), 1e-6, "sum");
});

Deno.test("interpolatedCrossEntropy() does not see pixels that are ignored", async () => {
  const shape = [1, 5, 4, 6];
  const few = Uint8Array.from({ length: 24 }, (_, index) => index < 12 ? index % 5 : 255);
  const logits = randomValues(size(shape), "logits", seed);
  const changed = logits.map((value, index) => index % 24 < 12 ? value : value + 3);
  const losses: (Float32Array | undefined)[] = [];
  for (const values of [logits, changed]) {
    const { loss } = await runGraph({
      logits: { shape, values },
      labels: { shape: [1, 4, 6], values: few, dtype: "u8", layout: "plain" },
    }, ({ logits, labels }) => ({ loss: interpolatedCrossEntropy(logits, labels) }));
    losses.push(loss);
  }
  assertEquals(losses[1], losses[0]);
});

Deno.test("sliceChannels() takes a concatenation apart again", async () => {
  const counts = [3, 5, 4, 1];
  const inputs: Inputs = {};
  for (const [index, count] of counts.entries()) inputs[`x${index}`] = { shape: [2, count, 3, 4] };
  const results = await runGraph(inputs, (tensors) => {
    const all = concat(Object.values(tensors));
    let from = 0;
    return Object.fromEntries(counts.map((count, index) => {
      const part = sliceChannels(all, { from, count });
      from += count;
      return [`x${index}`, part];
    }));
  });
  for (const [name, { shape }] of Object.entries(inputs)) assertEquals(results[name], randomValues(size(shape), name));
});

Deno.test("depthwiseConv2d() is a convolution whose weights between channels are 0", async () => {
  const channels = 6;
  const depthwise = randomValues(channels * 9, "w", seed);
  const full = new Float32Array(channels * channels * 9);
  for (const [index, value] of depthwise.entries()) {
    const channel = Math.floor(index / 9);
    full[(channel * channels + channel) * 9 + index % 9] = value;
  }
  const { one, other } = await runGraph({
    x: { shape: [2, channels, 7, 5] },
    depthwise: { shape: [channels, 1, 3, 3], layout: "depthwise", values: depthwise },
    full: { shape: [channels, channels, 3, 3], layout: "convolution", values: full },
  }, ({ x, depthwise, full }) => ({
    one: depthwiseConv2d(x, depthwise, { padding: 2, dilation: 2 }),
    other: conv2d(x, full, { padding: 2, dilation: 2 }),
  }));
  assertClose(one ?? [], other ?? [], 1e-6, "depthwise");
});

Deno.test("conv2d() with a dilation larger than the image is the convolution by the middle tap", async () => {
  const w = randomValues(4 * 3 * 9, "w", seed);
  const { one, other } = await runGraph({
    x: { shape: [1, 3, 5, 4] },
    w: { shape: [4, 3, 3, 3], layout: "convolution", values: w },
    middle: { shape: [4, 3, 1, 1], layout: "convolution", values: w.filter((_, index) => index % 9 === 4) },
  }, ({ x, w, middle }) => ({ one: conv2d(x, w, { padding: 6, dilation: 6 }), other: conv2d(x, middle) }));
  assertClose(one ?? [], other ?? [], 1e-6, "convolution");
});

type Inputs = Record<string, TestInput>;

/** The op's inputs; those of `changing`, or all without values of their own, get random values of this name. */
function inputsOf(op: OpUnderTest, name: string, changing: readonly string[]): Inputs {
  const inputs: Inputs = {};
  for (const [key, test] of Object.entries(op.inputs)) {
    const random = () => randomValues(size(test.shape), changing.includes(key) ? `${key} ${name}` : key, seed);
    inputs[key] = { ...test, values: test.values ?? random() };
  }
  return inputs;
}

async function forward(op: OpUnderTest, inputs: Inputs): Promise<Float32Array> {
  const { y } = await runGraph(inputs, (tensors) => ({ y: op.build(tensors) }));
  return y ?? new Float32Array();
}

/** y, a random dy, and the gradient at each input of `of`. */
async function withGradients(op: OpUnderTest, inputs: Inputs, of: readonly string[]) {
  const traced = Object.entries(inputs).map(([name, { shape, values: _values, ...options }]) =>
    [name, input(name, shape, options)] as const
  );
  const { shape, layout } = op.build(Object.fromEntries(traced));
  const all: Inputs = { ...inputs, dy: { shape, layout, values: randomValues(size(shape), "dy", seed) } };
  const results = await runGraph(all, (tensors) => {
    const y = op.build(tensors);
    const found = gradients(y, of.map((name) => tensors[name] ?? y), tensors["dy"]);
    return { y, ...Object.fromEntries(of.map((name, index) => [`d ${name}`, found[index] ?? y])) };
  });
  return { ...results, dy: valuesOf(all, "dy") };
}

/** Images 0, 1, 2 → 2, 0, 1. */
function permute(values: ArrayLike<number>): Float32Array {
  const image = values.length / 3;
  return Float32Array.from(values, (_, index) => values[(index + 2 * image) % values.length] ?? 0);
}

function valuesOf(inputs: Inputs, name: string): Float32Array {
  return Float32Array.from(inputs[name]?.values ?? []);
}

function shapeOf(op: OpUnderTest, name: string): readonly number[] {
  return op.inputs[name]?.shape ?? [];
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

function norm(values: ArrayLike<number>): number {
  return Math.sqrt(dot(values, values));
}
