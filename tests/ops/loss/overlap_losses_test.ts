import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { input, type Tensor } from "../../../src/graph/tensor.ts";
import { gradients } from "../../../src/ops/gradients.ts";
import { dice } from "../../../src/ops/loss/dice.ts";
import { lovaszSoftmax } from "../../../src/ops/loss/lovasz_softmax.ts";
import { Random } from "../../../src/random.ts";
import { dice as diceTwin, lovaszSoftmax as lovaszTwin } from "../../twins/lovasz_softmax.ts";
import { checkOp, randomValues, runGraph, size, type TestInput } from "../harness.ts";

interface Case {
  readonly name: string;
  readonly shape: readonly number[];
  readonly ignoreLabel?: number;
  /** What the logits are multiplied by. */
  readonly sure?: number;
  /** Classes that the labels have. */
  readonly present?: number;
}

const cases: Case[] = [
  { name: "4 classes", shape: [2, 4, 3, 5] },
  { name: "odd sizes, batch 3", shape: [3, 5, 7, 9] },
  { name: "20 classes of which 6 are there", shape: [1, 20, 9, 11], present: 6 },
  { name: "a sure network", shape: [2, 7, 6, 8], sure: 6 },
  { name: "another label ignored", shape: [2, 5, 5, 7], ignoreLabel: 2 },
  { name: "one class", shape: [1, 1, 3, 5] },
  { name: "one pixel", shape: [1, 5, 1, 1] },
  { name: "70 classes", shape: [1, 70, 5, 7] },
];

const losses = { dice: { op: dice, twin: diceTwin }, lovaszSoftmax: { op: lovaszSoftmax, twin: lovaszTwin } };

for (const { op, twin } of Object.values(losses)) {
  for (const { name, shape, sure = 1, present = shape[1] ?? 1, ...options } of cases) {
    Deno.test(`${op.name}() matches its definition and its gradient with ${name}`, async () => {
      await checkOp<"logits" | "labels">({
        inputs: problem(shape, present, sure),
        op: ({ logits, labels }) => op(logits, labels, options),
        twin: ({ logits, labels }) => twin(logits, labels, { logits: shape, ...options }),
        gradientOf: ["logits"],
      });
    });
  }

  Deno.test(`${op.name}() is 0 with zero gradients where no pixel is valid`, async () => {
    const { logits, labels } = problem([2, 5, 3, 4], 5);
    const ignored = { ...labels, values: new Uint8Array(24).fill(255) };
    const { loss, gradient } = await lossAndGradient(op, { logits, labels: ignored });
    assertEquals(loss, 0);
    assert(gradient.every((value) => value === 0));
  });

  Deno.test(`${op.name}() has no gradient at ignored pixels and does not see them`, async () => {
    const shape = [1, 5, 6, 8];
    const { logits, labels } = problem(shape, 5);
    const changed = Float32Array.from(logits.values, (value, at) => labels.values[at % 48] === 255 ? 3 - value : value);
    const before = await lossAndGradient(op, { logits, labels });
    assertEquals(await lossAndGradient(op, { logits: { shape, values: changed }, labels }), before);
    for (let at = 0; at < size(shape); at++) {
      if (labels.values[at % 48] === 255) assertEquals(before.gradient[at], 0);
    }
  });

  Deno.test(`${op.name}() does not change when all logits of a pixel rise together, or images change places`, async () => {
    const shape = [2, 5, 6, 8];
    const { logits, labels } = problem(shape, 5);
    const raised = logits.values.map((value, at) => value + at % 48);
    const swapped = <T>(
      values: ArrayLike<T>,
    ) => [...Array.from(values).slice(-values.length / 2), ...Array.from(values).slice(0, values.length / 2)];
    const { loss } = await lossAndGradient(op, { logits, labels });
    assertAlmostEquals((await lossAndGradient(op, { logits: { shape, values: raised }, labels })).loss, loss, 1e-5);
    const other = {
      logits: { shape, values: swapped(logits.values) },
      labels: { ...labels, values: swapped(labels.values) },
    };
    assertAlmostEquals((await lossAndGradient(op, other)).loss, loss, 1e-6);
  });

  Deno.test(`${op.name}() says which logits and labels it takes`, () => {
    const logits = input("logits", [2, 5, 3, 4]);
    const bytes = (shape: number[]) => input("labels", shape, { layout: "plain", dtype: "u8" });
    assertThrows(() => op(logits, bytes([2, 6, 8])), RangeError, "must be u8 plain [2, 3, 4]");
    assertThrows(() => op(logits, input("labels", [2, 5, 3, 4])), RangeError, "must be u8 plain [2, 3, 4]");
    const flat = input("logits", [2, 5], { layout: "plain" });
    assertThrows(() => op(flat, bytes([2, 3, 4])), RangeError, "must be [N, C, H, W]");
  });
}

Deno.test("dice() and lovaszSoftmax() are nearly 0 where a network is right and sure, and 1 where it is wrong", async () => {
  const shape = [1, 3, 4, 6];
  const labels = Array.from({ length: 24 }, (_, at) => at % 3);
  for (const [shift, expected] of [[0, 0], [1, 1]] as const) {
    const values = Array.from({ length: 72 }, (_, at) => (at % 24 + shift) % 3 === Math.floor(at / 24) ? 40 : 0);
    const results = await runGraph({
      logits: { shape, values },
      labels: { shape: [1, 4, 6], layout: "plain", dtype: "u8", values: labels },
    }, ({ logits, labels }) => ({ dice: dice(logits, labels), lovasz: lovaszSoftmax(logits, labels) }));
    for (const name of ["dice", "lovasz"]) assertAlmostEquals(results[name]?.[0] ?? NaN, expected, 1e-5, name);
  }
});

Deno.test("lovaszSoftmax() of many pixels is that of sorted errors within 1e-6, its gradient within 0.1 %", async () => {
  const shape = [1, 5, 96, 128];
  const inputs = problem(shape, 5, 2);
  const exact = exactLovasz(inputs, shape);
  const { loss, gradient } = await lossAndGradient(lovaszSoftmax, inputs);
  assertAlmostEquals(loss, exact.loss, 1e-6);
  const largest = exact.gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = exact.gradient.reduce((most, value, at) => Math.max(most, Math.abs(value - (gradient[at] ?? NaN))), 0);
  assert(worst <= 1e-3 * largest, `a gradient is off by ${worst}, the largest is ${largest}`);
});

Deno.test("lovaszSoftmax() takes fewer buckets, powers of two", async () => {
  const inputs = problem([1, 5, 12, 16], 5);
  const { loss } = await lossAndGradient(lovaszSoftmax, inputs);
  const coarse = await lossAndGradient((x, y) => lovaszSoftmax(x, y, { buckets: 256 }), inputs);
  assertAlmostEquals(coarse.loss, loss, 1e-3);
  const [x, y] = [input("x", [1, 2, 3, 4]), input("y", [1, 3, 4], { layout: "plain", dtype: "u8" })];
  for (const buckets of [0, 1, 100, 131_072]) {
    assertThrows(() => lovaszSoftmax(x, y, { buckets }), RangeError, "must be a power of two from 2 to 65536");
  }
});

/** The exact loss, and its gradient at the logits, from sorted errors. */
function exactLovasz(inputs: ReturnType<typeof problem>, shape: readonly number[]) {
  const [, classes = 1, height = 1, width = 1] = shape;
  const [{ values: logits }, { values: labels }, area] = [inputs.logits, inputs.labels, height * width];
  const loss = lovaszTwin(logits, labels, { logits: shape })[0];
  const p = new Float64Array(size(shape));
  for (let pixel = 0; pixel < area; pixel++) {
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(logits[c * area + pixel] ?? NaN);
    for (let c = 0; c < classes; c++) p[c * area + pixel] = Math.exp(logits[c * area + pixel] ?? NaN) / sum;
  }
  const slopes = new Float64Array(p.length);
  const valid = Array.from({ length: area }, (_, pixel) => pixel).filter((pixel) => (labels[pixel] ?? 255) < classes);
  for (let c = 0; c < classes; c++) {
    const is = (pixel: number) => labels[pixel] === c;
    const error = (pixel: number) => Math.abs((is(pixel) ? 1 : 0) - (p[c * area + pixel] ?? NaN));
    const foreground = valid.filter(is).length;
    let [before, found, others] = [0, 0, 0];
    for (const pixel of valid.toSorted((a, b) => error(b) - error(a))) {
      if (is(pixel)) found++;
      else others++;
      const jaccard = 1 - (foreground - found) / (foreground + others);
      slopes[c * area + pixel] = (is(pixel) ? -1 : 1) * (jaccard - before) / classes;
      before = jaccard;
    }
  }
  const gradient = p.map((probability, at) => {
    let mean = 0;
    for (let c = 0; c < classes; c++) mean += (slopes[c * area + at % area] ?? NaN) * (p[c * area + at % area] ?? NaN);
    return probability * ((slopes[at] ?? NaN) - mean);
  });
  return { loss, gradient };
}

/** Logits and labels, about one label in six ignored, some bytes no class. */
function problem(shape: readonly number[], present: number, sure = 1) {
  const [batch = 1, , height = 1, width = 1] = shape;
  const random = new Random(3, "labels");
  const labels = Array.from({ length: batch * height * width }, (_, at) => {
    const draw = random.uniform(at);
    return draw < 0.84 || at === 0 ? Math.floor(draw / 0.84 * present) % present : draw < 0.92 ? 255 : 250;
  });
  return {
    logits: { shape, values: randomValues(size(shape), "logits").map((value) => sure * value) },
    labels: { shape: [batch, height, width], layout: "plain", dtype: "u8", values: labels },
  } satisfies Record<"logits" | "labels", TestInput>;
}

async function lossAndGradient(
  op: (logits: Tensor, labels: Tensor) => Tensor,
  inputs: Record<"logits" | "labels", TestInput>,
): Promise<{ loss: number; gradient: Float32Array }> {
  const { loss, gradient = new Float32Array() } = await runGraph(inputs, ({ logits, labels }) => {
    const loss = op(logits, labels);
    const [gradient = loss] = gradients(loss, [logits]);
    return { loss, gradient };
  });
  return { loss: loss?.[0] ?? NaN, gradient };
}
