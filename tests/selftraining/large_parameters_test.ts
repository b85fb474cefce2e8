import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Gpu } from "../../src/gpu/gpu.ts";
import { floatChannels } from "../../src/nn/image_kind.ts";
import { convBias } from "../../src/nn/layers.ts";
import type { Model } from "../../src/nn/model.ts";
import { Network } from "../../src/nn/network.ts";
import { wholeImage } from "../../src/ops/data/geometry.ts";
import { adamW, type Optimizer, sgd } from "../../src/optim/optimizer.ts";
import { Random } from "../../src/random.ts";
import { checkpointBytes, restoreCheckpoint } from "../../src/selftraining/checkpoint.ts";
import { Trainer } from "../../src/selftraining/trainer.ts";
import type { TrainingSample } from "../../src/selftraining/training_step.ts";

const classes = ["a", "b", "c"];
const size = { height: 7, width: 9 };
const pixels = size.height * size.width;
/** Less than the weights of the second layer, which take 23,040 bytes. */
const limit = 9000;

const wide: Model = {
  name: "wide",
  description: "two convolutions",
  takes: floatChannels(5),
  sizeMultiple: 1,
  alignCorners: true,
  logits(images, scope, { classes }) {
    const layer = { kernel: 3, deviation: 0.2, padding: 1 };
    const narrow = convBias(images, scope, "narrow", { ...layer, channels: 16 });
    const broad = convBias(narrow, scope, "broad", { ...layer, channels: 40 });
    return convBias(broad, scope, "head.end", { ...layer, kernel: 1, padding: 0, channels: classes, group: "head" });
  },
};

function samples(step: number): TrainingSample[] {
  return [0, 1].map((image) => {
    const random = new Random(step, `sample ${image}`);
    return {
      image: { ...size, pixels: Float32Array.from({ length: 5 * pixels }, (_, index) => random.normal(index)) },
      labels: Uint8Array.from({ length: pixels }, (_, index) => random.integer(3, 1, index)),
      plan: { ...wholeImage(size.height, size.width), minedClass: null },
    };
  });
}

type OptimizerOf = (gpu: Gpu, network: Network) => Promise<Optimizer>;

/** Weights and losses after three steps of two micro-batches; before the last, all is put back from a checkpoint. */
async function train(gpu: Gpu, optimizerOf: OptimizerOf) {
  const open = async () => {
    const network = new Network(gpu, wide, { classes });
    const optimizer = await optimizerOf(gpu, network);
    const trainer = await Trainer.open(gpu, network, optimizer, { batch: 1, accumulate: 2, crop: size, size });
    return { network, optimizer, trainer };
  };
  const step = (trainer: Trainer, index: number) => trainer.step(index, samples(index), { backbone: 0.05, head: 0.1 });
  const first = await open();
  first.network.store.initialize(2);
  for (const index of [0, 1]) await step(first.trainer, index);
  const bytes = await checkpointBytes(gpu, first.network, first.optimizer, { stage: "source", step: 2 });
  const losses = await first.trainer.losses();
  const second = await open();
  await restoreCheckpoint(bytes, "the checkpoint", gpu, second.network, second.optimizer);
  await step(second.trainer, 2);
  losses.push(...await second.trainer.losses());
  const weights = await second.network.store.save();
  for (const { network, optimizer, trainer } of [first, second]) {
    for (const owned of [trainer, optimizer, network]) owned.dispose();
  }
  return { losses: losses.map(({ loss }) => loss), weights };
}

const optimizers: Record<string, OptimizerOf> = {
  sgd: (gpu, { store }) => sgd(gpu, store, { clipNorm: 1 }),
  adamW: (gpu, { store }) => adamW(gpu, store),
};
for (const [name, optimizerOf] of Object.entries(optimizers)) {
  Deno.test(`parameters larger than a binding are trained, watched and kept as others, by ${name}`, async () => {
    using free = await Gpu.open();
    using limited = await Gpu.open({ maxBindingBytes: limit });
    const whole = await train(free, optimizerOf);
    const parts = await train(limited, optimizerOf);
    assertEquals(parts.losses.length, 3);
    for (const [index, loss] of whole.losses.entries()) assertAlmostEquals(parts.losses[index] ?? NaN, loss, 1e-5);
    let moved = false;
    for (const [parameter, { values }] of whole.weights) {
      const others = parts.weights.get(parameter)?.values ?? [];
      for (const [index, value] of values.entries()) assertAlmostEquals(others[index] ?? NaN, value, 1e-3, parameter);
      moved ||= values.some((value) => value !== 0);
    }
    assert(moved);
  });
}
