import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Model } from "../../src/nn/model.ts";
import { wholeImage } from "../../src/ops/data/geometry.ts";
import { interpolatedCrossEntropy } from "../../src/ops/loss/interpolated_cross_entropy.ts";
import { atLogits, crossEntropy, type Objective, sum, weighted } from "../../src/selftraining/objective.ts";
import { type StepOptions, type TrainingSample, trainingStep } from "../../src/selftraining/training_step.ts";
import {
  at,
  lossOf,
  odd,
  options,
  pair,
  pixels,
  rates,
  sampleOf,
  valuesOf,
  weightsAfter,
  withTrainer,
} from "./odd_network.ts";

interface StepResult {
  readonly loss: number;
  readonly weights: Readonly<Record<string, readonly number[]>>;
}

function assertNearlySame(actual: StepResult, expected: StepResult): void {
  assertAlmostEquals(actual.loss, expected.loss, 1e-6);
  for (const [name, values] of Object.entries(expected.weights)) {
    for (const [index, value] of values.entries()) {
      assertAlmostEquals(actual.weights[name]?.[index] ?? NaN, value, 1e-6, name);
    }
  }
}

Deno.test("an objective is a value: a sum of terms, weights of classes, pixels and images", async () => {
  const mean = await withTrainer((opened) => lossOf(opened, pair));
  const twice = await withTrainer((opened) => lossOf(opened, pair), { objective: sum(crossEntropy(), crossEntropy()) });
  assertAlmostEquals(twice, 2 * mean, 1e-5);
  const only = (id: number) => crossEntropy({ classWeights: [0, 1, 2].map((other) => other === id ? 1 : 0) });
  const perClass = await Promise.all([0, 1, 2].map(async (id) => ({
    loss: await withTrainer((opened) => lossOf(opened, pair), { objective: only(id) }),
    count: pair.flatMap(({ labels }) => [...labels]).filter((label) => label === id).length,
  })));
  const total = perClass.reduce((all, { count }) => all + count, 0);
  const weighed = perClass.reduce((all, { loss, count }) => all + loss * count, 0) / total;
  assertAlmostEquals(weighed, mean, 1e-5);
  const both = await withTrainer((opened) => lossOf(opened, pair), { objective: sum(only(0), only(1)) });
  assertAlmostEquals(both, (perClass[0]?.loss ?? NaN) + (perClass[1]?.loss ?? NaN), 1e-5);
  await withTrainer(({ network }) => {
    const traced = (objective: Objective) => () => trainingStep(network, { ...options, objective });
    assertThrows(traced(crossEntropy({ classWeights: [1, 2] })), RangeError, "3 classes by 2 class weights");
    assertThrows(traced((logits) => logits), RangeError, "expected a scalar [1]");
    return Promise.resolve();
  });
});

Deno.test("a weighted objective is a multiple of its loss and of its gradients", async () => {
  // Decay does not grow with the loss.
  const model: Model = { ...odd, groups: (odd.groups ?? []).map((group) => ({ ...group, decay: 0 })) };
  const after = (objective: Objective, factor: number) =>
    withTrainer(
      async ({ network, trainer }) => {
        await trainer.step(0, pair, { weights: 0.1 * factor, biases: 0.2 * factor }, at("source"));
        return { loss: (await trainer.losses())[0]?.loss ?? NaN, weights: await valuesOf(network) };
      },
      { objective },
      model,
    );
  const double = await after(weighted(crossEntropy(), 2), 1);
  assertNearlySame(double, await after(sum(crossEntropy(), crossEntropy()), 1));
  const once = await after(crossEntropy(), 2);
  assertNearlySame(double, { ...once, loss: 2 * once.loss });
  const start = await after(crossEntropy(), 0);
  assert(start.weights["end.weight"]?.join() !== double.weights["end.weight"]?.join(), "the weight did not move");
  assertEquals((await after(weighted(crossEntropy(), 0), 1)).weights, start.weights);
  await withTrainer(({ network }) => {
    const objective = weighted(crossEntropy(), NaN);
    assertThrows(() => trainingStep(network, { ...options, objective }), RangeError, "the factor NaN is not finite");
    return Promise.resolve();
  });
});

Deno.test("a regulariser with a weight adds its part to the loss", async () => {
  // The cross-entropy with equal shares for all classes.
  const regulariser: Objective = (logits, _labels, { classes, constant }) => {
    const equalShares = new Float32Array(logits.shape.reduce((product, side) => product * side, 1)).fill(1 / classes);
    return interpolatedCrossEntropy(logits, constant("equal shares", logits.shape, equalShares, "activation"));
  };
  const loss = (objective: Objective) => withTrainer((opened) => lossOf(opened, pair), { objective });
  const first = await loss(crossEntropy());
  const second = await loss(sum(crossEntropy(), regulariser)) - first;
  assert(second > Math.log(3), `${second}: it is log 3 where the scores are equal, and larger elsewhere`);
  assertAlmostEquals(await loss(sum(crossEntropy(), weighted(regulariser, 0.1))), first + 0.1 * second, 1e-6);
});

Deno.test("an objective may look at the logits alone", async () => {
  const equalShares: Objective = (logits, _labels, { classes, constant }) => {
    const values = new Float32Array(logits.shape.reduce((product, side) => product * side, 1)).fill(1 / classes);
    return interpolatedCrossEntropy(logits, constant("equal shares", logits.shape, values, "activation"));
  };
  const loss = await withTrainer((opened) => lossOf(opened, pair), { objective: equalShares });
  // Smallest, ln 3, where all classes have the same probability.
  assert(loss > Math.log(3) && Number.isFinite(loss), `${loss}`);
});

Deno.test("pixels and images of weight 0 count as ignored, and equal weights as none", async () => {
  const weighted = { weighted: true };
  const plain = await withTrainer((opened) => lossOf(opened, pair));
  assertAlmostEquals(await withTrainer((opened) => lossOf(opened, pair), weighted), plain, 1e-6);
  const [first = sampleOf(1), second = sampleOf(2)] = pair;
  const ignored = [first, { ...second, labels: new Uint8Array(pixels).fill(255) }];
  const expected = await withTrainer((opened) => lossOf(opened, ignored));
  const byImage = [first, { ...second, imageWeight: 0 }];
  const byPixel = [first, { ...second, pixelWeights: new Float32Array(pixels) }];
  for (const samples of [byImage, byPixel]) {
    assertAlmostEquals(await withTrainer((opened) => lossOf(opened, samples), weighted), expected, 1e-6);
  }
});

Deno.test("at the logits the loss is that of the labels nearest to their centres", async () => {
  // Logits of 3×4, so that rows ⌊(2i + 1)·7/6⌋ and columns ⌊(2j + 1)·9/8⌋ count.
  const [rows, columns] = [[1, 3, 5], [1, 3, 5, 7]];
  const only = (counted: boolean) => (sample: TrainingSample): TrainingSample => ({
    ...sample,
    labels: Uint8Array.from(
      sample.labels,
      (label, pixel) => (rows.includes(Math.floor(pixel / 9)) && columns.includes(pixel % 9)) === counted ? label : 255,
    ),
  });
  const objective = atLogits(crossEntropy());
  const loss = (samples: readonly TrainingSample[], more: Partial<StepOptions>) =>
    withTrainer((opened) => lossOf(opened, samples), more);
  const found = await loss(pair, { objective });
  assert(found > 0);
  assertAlmostEquals(await loss(pair.map(only(true)), { objective }), found, 1e-6);
  assertEquals(await loss(pair.map(only(false)), { objective }), 0);
  assertAlmostEquals(await loss(pair, { objective, labels: "compact" }), found, 1e-5);
  assertAlmostEquals(await loss(pair, { objective, weighted: true }), found, 1e-5);
});

Deno.test("hard labels in the compact form train as they do as hard ones", async () => {
  const plan = { ...wholeImage(11, 13), top: 2, left: 1, mirror: true, minedClass: null };
  const samples = pair.map((sample) => ({ ...sample, plan }));
  const loss = (labels: "hard" | "compact") => withTrainer((opened) => lossOf(opened, samples), { labels });
  assertAlmostEquals(await loss("compact"), await loss("hard"), 1e-6);
  await withTrainer(async ({ trainer }) => {
    const short = pair.map((sample) => ({ ...sample, labels: new Uint32Array(5) }));
    await assertRejects(() => trainer.step(0, short, rates), Error, "neither hard nor compact ones of 7×9 pixels");
  }, { labels: "compact" });
});

Deno.test("soft labels that are certain are hard ones", async () => {
  const hard = await withTrainer((opened) => weightsAfter(opened, [0, 1]));
  const soften = ({ labels, ...rest }: TrainingSample): TrainingSample => {
    const soft = new Float32Array(3 * pixels);
    labels.forEach((id, pixel) => {
      if (id !== 255) soft[id * pixels + pixel] = 1;
    });
    return { ...rest, labels: soft };
  };
  const soft = await withTrainer(async ({ network, trainer }) => {
    for (const step of [0, 1]) await trainer.step(step, pair.map(soften), rates, at("source"));
    await trainer.losses();
    return await valuesOf(network);
  }, { labels: "soft" });
  for (const [name, values] of Object.entries(hard)) {
    for (const [index, value] of values.entries()) assertAlmostEquals(soft[name]?.[index] ?? NaN, value, 1e-5, name);
  }
  await withTrainer(async ({ trainer }) => {
    await assertRejects(() => trainer.step(0, pair, rates), Error, "not soft ones of 3 classes and 7×9 pixels");
  }, { labels: "soft" });
});
