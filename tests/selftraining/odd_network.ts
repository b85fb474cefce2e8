/**
 * A small network of another kind than the first ones, and its training, for tests of the training step.
 *
 * @module
 */

import type { Gpu } from "../../src/gpu/gpu.ts";
import { floatChannels } from "../../src/nn/image_kind.ts";
import { convBias, dropoutLayer } from "../../src/nn/layers.ts";
import type { Model } from "../../src/nn/model.ts";
import { Network } from "../../src/nn/network.ts";
import { wholeImage } from "../../src/ops/data/geometry.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import { Random } from "../../src/random.ts";
import { type StepJoints, Trainer } from "../../src/selftraining/trainer.ts";
import type { StepOptions, TrainingSample } from "../../src/selftraining/training_step.ts";
import { testGpu } from "../ops/harness.ts";

export const classes = ["a", "b", "c"];
export const size = { height: 7, width: 9 };
export const pixels = size.height * size.width;
export const options: StepOptions = { batch: 2, crop: size, size };

/**
 * A model that takes five float channels at any size. Its logits have a size that no stride would give. It has dropout,
 * and three parameter groups.
 */
export const odd: Model = {
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

export function sampleOf(seed: number, more: Partial<TrainingSample> = {}): TrainingSample {
  const random = new Random(seed, "sample");
  return {
    image: { ...size, pixels: Float32Array.from({ length: 5 * pixels }, (_, index) => random.normal(index)) },
    labels: Uint8Array.from({ length: pixels }, (_, index) => index % 7 === 0 ? 255 : random.integer(3, 1, index)),
    plan: { ...wholeImage(size.height, size.width), minedClass: null },
    ...more,
  };
}

export const pair = [sampleOf(1), sampleOf(2)];

export interface Opened {
  readonly network: Network;
  readonly trainer: Trainer;
}

export async function withTrainer<T>(
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

export const rates = { weights: 0.1, biases: 0.2 };
export const at = (stage: string) => ({ seed: 3, stage });

export async function weightsAfter({ network, trainer }: Opened, steps: readonly number[], stage = "source") {
  for (const step of steps) await trainer.step(step, pair, rates, at(stage));
  await trainer.losses();
  return await valuesOf(network);
}

export async function valuesOf(network: Network): Promise<Record<string, number[]>> {
  const saved = await network.store.save();
  return Object.fromEntries([...saved].map(([name, { values }]) => [name, [...values]]));
}

export async function lossOf({ trainer }: Opened, samples: readonly TrainingSample[], step = 0): Promise<number> {
  await trainer.step(step, samples, { weights: 0, biases: 0 }, at("source"));
  return (await trainer.losses())[0]?.loss ?? NaN;
}
