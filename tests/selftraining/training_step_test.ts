import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import accumulate from "../../shaders/optim/accumulate_gradients.wgsl" with { type: "text" };
import type { Gpu } from "../../src/gpu/gpu.ts";
import { grid } from "../../src/gpu/launch.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { floatChannels, rgbBytes } from "../../src/nn/image_kind.ts";
import { convBias, dropoutLayer } from "../../src/nn/layers.ts";
import type { Model } from "../../src/nn/model.ts";
import { Network } from "../../src/nn/network.ts";
import { wholeImage } from "../../src/ops/data/geometry.ts";
import { interpolatedCrossEntropy } from "../../src/ops/loss/interpolated_cross_entropy.ts";
import { groupRates, sgd } from "../../src/optim/optimizer.ts";
import { Random } from "../../src/random.ts";
import { crossEntropy, type Objective, sum, weighted } from "../../src/selftraining/objective.ts";
import { type StepJoints, Trainer } from "../../src/selftraining/trainer.ts";
import { type StepOptions, type TrainingSample, trainingStep } from "../../src/selftraining/training_step.ts";
import { testGpu } from "../ops/harness.ts";

const classes = ["a", "b", "c"];
const size = { height: 7, width: 9 };
const pixels = size.height * size.width;
const options: StepOptions = { batch: 2, crop: size, size };

/**
 * A model that takes five float channels at any size. Its logits have a size that no stride would give. It has dropout,
 * and three parameter groups.
 */
const odd: Model = {
  name: "odd",
  description: "one convolution behind a dropout",
  takes: floatChannels(5, { scale: [1, 2, 3, 4, 5], shift: [0, 0, 1, 0, 0] }),
  sizeMultiple: 1,
  alignCorners: true,
  groups: [{ name: "weights" }, { name: "biases", rate: 2, decay: 0, head: true }, { name: "fixed", trained: false }],
  logits(images, scope, { classes }) {
    const layer = { kernel: 3, deviation: 0.3, group: "weights", biasGroup: "biases" };
    const fixed = convBias(images, scope, "stem", { ...layer, channels: 6, group: "fixed", padding: 2, stride: 2 });
    return convBias(dropoutLayer(fixed, scope, "drop", 0.5), scope, "end", { ...layer, channels: classes });
  },
};

function sampleOf(seed: number, more: Partial<TrainingSample> = {}): TrainingSample {
  const random = new Random(seed, "sample");
  return {
    image: { ...size, pixels: Float32Array.from({ length: 5 * pixels }, (_, index) => random.normal(index)) },
    labels: Uint8Array.from({ length: pixels }, (_, index) => index % 7 === 0 ? 255 : random.integer(3, 1, index)),
    plan: { ...wholeImage(size.height, size.width), minedClass: null },
    ...more,
  };
}

const pair = [sampleOf(1), sampleOf(2)];

interface Opened {
  readonly network: Network;
  readonly trainer: Trainer;
}

async function withTrainer<T>(
  use: (opened: Opened, gpu: Gpu) => Promise<T>,
  more: Partial<StepOptions> & { readonly joints?: StepJoints } = {},
  model: Model = odd,
): Promise<T> {
  const gpu = await testGpu();
  const network = new Network(gpu, model, { classes });
  network.store.initialize(1);
  const optimizer = await sgd(gpu, network.store, { weightDecay: 0.1 });
  const trainer = await Trainer.open(gpu, network, optimizer, { ...options, ...more });
  try {
    return await use({ network, trainer }, gpu);
  } finally {
    for (const owned of [trainer, optimizer, network]) owned.dispose();
  }
}

const rates = { weights: 0.1, biases: 0.2 };
const at = (stage: string) => ({ seed: 3, stage });

async function weightsAfter({ network, trainer }: Opened, steps: readonly number[], stage = "source") {
  for (const step of steps) await trainer.step(step, pair, rates, at(stage));
  await trainer.losses();
  return await valuesOf(network);
}

async function valuesOf(network: Network): Promise<Record<string, number[]>> {
  const saved = await network.store.save();
  return Object.fromEntries([...saved].map(([name, { values }]) => [name, [...values]]));
}

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

async function lossOf({ trainer }: Opened, samples: readonly TrainingSample[], step = 0): Promise<number> {
  await trainer.step(step, samples, { weights: 0, biases: 0 }, at("source"));
  return (await trainer.losses())[0]?.loss ?? NaN;
}

Deno.test("groups that are not trained keep their values; the others move by their own rates", async () => {
  await withTrainer(async (opened) => {
    const before = await valuesOf(opened.network);
    const after = await weightsAfter(opened, [0]);
    assertEquals(after["stem.weight"], before["stem.weight"]);
    assert(after["end.weight"]?.join() !== before["end.weight"]?.join(), "the weight did not move");
    assert(after["end.bias"]?.join() !== before["end.bias"]?.join(), "the bias did not move");
    assertEquals(opened.network.store.groups.map(({ name }) => name), ["weights", "biases"]);
    await assertRejects(() => opened.trainer.step(1, pair, { weights: 0.1 }), RangeError, 'the group "biases"');
  });
});

Deno.test("a group's decay and rate are factors on the optimizer's", async () => {
  // Two networks that differ in the decay of one group only.
  const decaying: Model = {
    ...odd,
    groups: [{ name: "weights" }, { name: "biases" }, { name: "fixed", trained: false }],
  };
  const start = new Map([["end.bias", { shape: [3], values: Float32Array.of(10, 10, 10) }]]);
  const bias = async (model: Model) =>
    await withTrainer(
      async (opened) => {
        opened.network.store.load(start, "the test", { mayMiss: (name) => name !== "end.bias" });
        return (await weightsAfter(opened, [0]))["end.bias"]?.[0] ?? NaN;
      },
      {},
      model,
    );
  // Only the decay of 0.1 · 10 at a rate of 0.2 is between the two.
  assertAlmostEquals(await bias(odd) - await bias(decaying), 0.2 * 0.1 * 10, 1e-5);
  assertEquals(groupRates(odd.groups ?? [], 0.1, 10), { weights: 0.1, biases: 2, fixed: 0.1 });
});

Deno.test("dropout takes its key from seed, stage, step and layer, and drops nothing in inference", async () => {
  const loss = (stage: string, step: number, seed = 3) =>
    withTrainer(async ({ trainer }) => {
      await trainer.step(step, pair, { weights: 0, biases: 0 }, { seed, stage });
      return (await trainer.losses())[0]?.loss;
    });
  const first = await loss("source", 0);
  assertEquals(await loss("source", 0), first);
  for (const other of [await loss("source", 1), await loss("round 1", 0), await loss("source", 0, 4)]) {
    assert(other !== first, "another place gave the same mask");
  }
  const twice: Model = {
    ...odd,
    logits: (images, scope, options) => odd.logits(dropoutLayer(images, scope, "drop", 0.1), scope, options),
  };
  await assertRejects(
    () => withTrainer(() => Promise.resolve(), {}, twice),
    RangeError,
    'Cannot train odd: two dropouts are called "drop"',
  );
  const gpu = await testGpu();
  const network = new Network(gpu, odd, { classes }, { trainable: false });
  const images = odd.takes.input(1, size);
  const ops: string[] = [];
  const visit = (tensor: Tensor) => {
    ops.push(tensor.op);
    tensor.inputs.forEach(visit);
  };
  visit(network.logits(images, true));
  assert(ops.includes("conv2d") && !ops.includes("dropout"), ops.join());
  network.dispose();
});

Deno.test("steps that go on later give the same bytes as steps in one go, dropout included", async () => {
  const whole = await withTrainer((opened) => weightsAfter(opened, [0, 1, 2]));
  const parts = await withTrainer(async (first, gpu) => {
    await weightsAfter(first, [0, 1]);
    const [weights, momentum] = [await first.network.store.save(), await gpu.read(...first.trainer.optimizer.state)];
    return await withTrainer(async (second) => {
      second.network.store.load(weights, "the test");
      for (const [index, buffer] of second.trainer.optimizer.state.entries()) {
        gpu.write(buffer, momentum[index] ?? new Uint8Array(0));
      }
      return await weightsAfter(second, [2]);
    });
  });
  assertEquals(parts, whole);
});

Deno.test("the exchange stands between gradients and optimizer", async () => {
  const plain = await withTrainer((opened) => weightsAfter(opened, [0, 1]));
  let exchanges = 0;
  // A sum over one machine changes nothing.
  const identity: StepJoints = { exchange: () => Promise.resolve(void exchanges++) };
  assertEquals(await withTrainer((opened) => weightsAfter(opened, [0, 1]), { joints: identity }), plain);
  assertEquals(exchanges, 2);
  // Gradients of zeros leave decay alone.
  const gpu = await testGpu();
  const erase: StepJoints = {
    exchange(segments) {
      for (const segment of segments) gpu.write(segment, new Uint8Array(segment.size));
      return Promise.resolve();
    },
  };
  const decayed = await withTrainer(async (opened) => {
    const before = await valuesOf(opened.network);
    const after = await weightsAfter(opened, [0]);
    return [before["end.weight"]?.map((value) => value * 0.99), after["end.weight"]] as const;
  }, { joints: erase });
  for (const [index, value] of (decayed[0] ?? []).entries()) {
    assertAlmostEquals(decayed[1]?.[index] ?? NaN, value, 1e-6);
  }
});

Deno.test("what follows a step is launched after the optimizer, and sees the new weights", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, odd, { classes });
  network.store.initialize(1);
  const optimizer = await sgd(gpu, network.store);
  const [run] = network.store.runs();
  assert(run !== undefined);
  // A mean over one network is its weights.
  const mean = gpu.createBuffer(run.values.size, "mean of the weights");
  const afterStep = [
    await gpu.dispatch(
      { name: "optim/accumulate_gradients", text: accumulate },
      { VECTORS: run.values.size / 16, SHARE: 1, FIRST: true },
      [run.values, mean],
      grid(run.values.size / 16, 64),
    ),
  ];
  for (const exchange of [undefined, () => Promise.resolve()]) {
    const joints = { afterStep, ...exchange && { exchange } };
    const trainer = await Trainer.open(gpu, network, optimizer, { ...options, joints });
    const [before] = await gpu.read(run.values);
    await trainer.step(0, pair, rates, at("source"));
    const [weights, copied] = await gpu.read(run.values, mean);
    assert(before?.join() !== weights?.join(), "the weights did not move");
    assertEquals(copied, weights);
    trainer.dispose();
  }
  gpu.destroyBuffer(mean);
  for (const owned of [optimizer, network]) owned.dispose();
});

Deno.test("what belongs to the head is said by its group, not by its name", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, {
    ...odd,
    groups: [{ name: "weights", head: true }, { name: "biases" }, { name: "fixed" }],
  }, { classes });
  network.store.initialize(1);
  const before = await network.store.save();
  const ones = new Map([...before].map(([name, { shape, values }]) => [name, { shape, values: values.map(() => 7) }]));
  ones.delete("end.weight");
  network.store.loadBackbone(ones, "the test");
  const after = await network.store.save();
  assertEquals(after.get("end.weight"), before.get("end.weight"));
  for (const name of ["end.bias", "stem.weight", "stem.bias"]) {
    assert(after.get(name)?.values.every((value) => value === 7), `${name} was not loaded`);
  }
  ones.delete("end.bias");
  assertThrows(() => network.store.loadBackbone(ones, "the test"), Error, 'tensor "end.bias" [3] is missing');
  network.dispose();
});

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

Deno.test("images of another kind are refused by name", async () => {
  const bytes = { ...size, pixels: new Uint8Array(4 * pixels) };
  await withTrainer(async ({ trainer }) => {
    const samples = [sampleOf(1), sampleOf(2, { name: "photo", image: bytes })];
    await assertRejects(
      () => trainer.step(0, samples, rates),
      Error,
      "Cannot use photo: the network takes 5 float channels",
    );
    // A refused step has not been taken.
    assertEquals([trainer.waiting, trainer.optimizer.step], [0, 0]);
  });
  const rgb: Model = { ...odd, takes: rgbBytes({ scale: [1, 1, 1], shift: [0, 0, 0] }) };
  await withTrainer(
    async ({ trainer }) => {
      await assertRejects(() => trainer.step(0, pair, rates), Error, "the network takes RGB bytes");
    },
    {},
    rgb,
  );
  assertThrows(() => floatChannels(3, { scale: [1], shift: [0] }), RangeError, "3 channels");
});

Deno.test("a network for inference allocates no gradients", async () => {
  const gpu = await testGpu();
  const bytes = (trainable: boolean) => {
    const before = gpu.allocatedBytes;
    const network = new Network(gpu, odd, { classes }, { trainable });
    const taken = gpu.allocatedBytes - before;
    network.dispose();
    return taken;
  };
  const network = new Network(gpu, odd, { classes });
  const gradients = network.store.gradientSegments.reduce((total, { size }) => total + size, 0);
  network.dispose();
  assert(gradients > 0);
  assertEquals(bytes(true) - bytes(false), gradients);
});
