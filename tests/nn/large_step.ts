/**
 * A training step on two images against the same images one by one: with frozen batch norms, the loss of both is that
 * of each, weighted by its valid pixels. By hand, at the size that the plan is held to (minutes on a software adapter):
 *
 *     deno run -A tests/nn/large_step.ts deeplabv2-resnet101 512x1024 [WIDTH]
 *
 * @module
 */

import { parseSize, type Size } from "../../src/data/size.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { Network } from "../../src/nn/network.ts";
import type { ModelVariant } from "../../src/nn/variant.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import { Trainer } from "../../src/selftraining/trainer.ts";
import type { TrainingSample } from "../../src/selftraining/training_step.ts";
import { formulaLabels } from "../../bench/formula.ts";

const classes = 19;

/** What a step on two images gives, and what its images give one by one. */
export interface StepComparison {
  /** Loss of the step on both images. */
  readonly both: number;
  /** (l₁v₁ + l₂v₂) / (v₁ + v₂) of the losses and valid pixels of each. */
  readonly apart: number;
  /** Seconds of the step on both, the compilation apart. */
  readonly seconds: number;
}

/** Takes a step on two images, then one on each. The learning rate is 0, so the weights stay. */
export async function compareSteps(
  gpu: Gpu,
  { name, variant, size, halfActivations }: {
    readonly name: string;
    readonly variant: ModelVariant;
    readonly size: Size;
    readonly halfActivations: boolean;
  },
): Promise<StepComparison> {
  const model = findModel(name, variant);
  const network = new Network(gpu, model, { classes: Array.from({ length: classes }, (_, id) => `class ${id}`) });
  network.store.initialize(1);
  const optimizer = await sgd(gpu, network.store);
  const rates = Object.fromEntries(network.store.groups.map(({ name }) => [name, 0]));
  const lossOf = async (samples: readonly TrainingSample[]) => {
    const options = { batch: samples.length, crop: size, size, recompute: true, halfActivations };
    const trainer = await Trainer.open(gpu, network, optimizer, options);
    const start = performance.now();
    await trainer.step(0, samples, rates);
    const [{ loss } = { loss: NaN }] = await trainer.losses();
    trainer.dispose();
    return { loss, seconds: (performance.now() - start) / 1000 };
  };
  const samples = [sampleOf(0, size), sampleOf(1, size)];
  const both = await lossOf(samples);
  let [sum, valid] = [0, 0];
  for (const sample of samples) {
    const { loss } = await lossOf([sample]);
    const pixels = [...sample.labels].filter((label) => label !== 255).length;
    sum += loss * pixels;
    valid += pixels;
  }
  optimizer.dispose();
  network.dispose();
  return { both: both.loss, apart: sum / valid, seconds: both.seconds };
}

/** An image with waves of colour, and labels of which the second image has far fewer valid ones. */
function sampleOf(index: number, { height, width }: Size): TrainingSample {
  const pixels = Uint8Array.from({ length: height * width * 4 }, (_, place) => {
    const [pixel, channel] = [Math.floor(place / 4), place % 4];
    return 127.5 + 127 * Math.sin((pixel % width) / (7 + index) + Math.floor(pixel / width) / (5 + channel) + channel);
  });
  const labels = formulaLabels(index, height * width, classes);
  if (index === 1) labels.fill(255, Math.floor(labels.length / 3));
  return {
    image: { height, width, pixels },
    labels,
    plan: {
      ...{ scaledHeight: height, scaledWidth: width, top: 0, left: 0, mirror: false, minedClass: null },
      ...{ brightness: 1, contrast: 1, saturation: 1 },
    },
  };
}

if (import.meta.main) {
  const [name = "deeplabv2-resnet101", size = "512x1024", width = "1"] = Deno.args;
  const gpu = await Gpu.open();
  const variant = { width: Number(width) };
  const found = await compareSteps(gpu, { name, variant, size: parseSize(size), halfActivations: false });
  const difference = Math.abs(found.both / found.apart - 1);
  console.log(
    `${name} at ${size}, batch 2: loss ${found.both}, of the images one by one ${found.apart}: ` +
      `they differ by ${difference.toExponential(1)}; the step took ${found.seconds.toFixed(1)} s`,
  );
  gpu.close();
  if (!(difference <= 1e-5)) Deno.exit(1);
}
