import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Gpu } from "../../src/gpu/gpu.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { floatChannels, rgbBytes } from "../../src/nn/image_kind.ts";
import { convBias, dropoutLayer } from "../../src/nn/layers.ts";
import type { Model } from "../../src/nn/model.ts";
import { Network } from "../../src/nn/network.ts";
import { wholeImage } from "../../src/ops/data/geometry.ts";
import { groupRates, sgd } from "../../src/optim/optimizer.ts";
import { Random } from "../../src/random.ts";
import { crossEntropy, type Objective, sum } from "../../src/selftraining/objective.ts";
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

Deno.test("the exchange stands between gradients and optimizer, and what follows a step sees the new weights", async () => {
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
  await withTrainer(({ network }) => {
    const traced = (objective: Objective) => () => trainingStep(network, { ...options, objective });
    assertThrows(traced(crossEntropy({ classWeights: [1, 2] })), RangeError, "3 classes by 2 class weights");
    assertThrows(traced((logits) => logits), RangeError, "expected a scalar [1]");
    return Promise.resolve();
  });
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
