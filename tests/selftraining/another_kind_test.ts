/**
 * A network of another kind, through the exported library alone. It has five float channels, odd sizes, dropout, and an
 * objective and parameter groups of its own. Its images are made in memory. No file but this one knows of it.
 */

import { assert, assertEquals } from "@std/assert";
import {
  adapt,
  convBias,
  crossEntropy,
  dropoutLayer,
  floatChannels,
  groupRates,
  type MemoryItem,
  memoryPlan,
  MemorySamples,
  MemoryStore,
  type Model,
  Network,
  type Objective,
  Random,
  sgd,
  sum,
  Trainer,
  trainingStep,
} from "../../mod.ts";
import { testGpu } from "../ops/harness.ts";

const classes = ["ground", "wall", "roof"];
const size = { height: 15, width: 21 };

/** Two convolutions; biases are trained at twice the rate and without decay, the stem not at all. */
const scanner: Model = {
  name: "scanner",
  description: "two convolutions on five float channels",
  takes: floatChannels(5, { scale: [1, 1, 1, 0.5, 2], shift: [0, 0, 0, 0, 0] }),
  sizeMultiple: 1,
  alignCorners: true,
  groups: [
    { name: "stem", trained: false },
    { name: "weights" },
    { name: "biases", rate: 2, decay: 0, head: true },
  ],
  logits(images, scope, { classes }) {
    const shared = { kernel: 3, deviation: 0.4 };
    const stem = convBias(images, scope, "stem", { ...shared, channels: 6, padding: 1, group: "stem" });
    const trained = { ...shared, group: "weights", biasGroup: "biases" };
    const x = convBias(dropoutLayer(stem, scope, "drop", 0.2), scope, "mid", { ...trained, channels: 8, stride: 2 });
    return convBias(x, scope, "end", { ...trained, channels: classes });
  },
};

/** Its own loss: the cross-entropy of all classes, and once more that of the first. */
const objective: Objective = sum(crossEntropy(), crossEntropy({ classWeights: [1, 0, 0] }));

/** Images in bands, whose channels tell the class, in the target through another sensor. */
function images(domain: "source" | "target", count: number): MemoryItem[] {
  const random = new Random(4, domain);
  const plane = size.height * size.width;
  return Array.from({ length: count }, (_, image) => {
    const edge = 3 + random.integer(6, image);
    const labels = Uint8Array.from({ length: plane }, (_, pixel) => {
      const row = Math.floor(pixel / size.width);
      return row < edge ? 2 : row < edge + 5 ? 1 : 0;
    });
    const pixels = Float32Array.from({ length: 5 * plane }, (_, index) => {
      const channel = Math.floor(index / plane);
      const signal = channel === labels[index % plane] ? 2 : 0;
      return signal * (domain === "target" ? 0.8 : 1) + 0.5 * random.normal(image, index, 1);
    });
    return { name: `${domain} ${image}`, image: { ...size, pixels }, labels: { ...size, labels } };
  });
}

async function run() {
  const gpu = await testGpu();
  const network = new Network(gpu, scanner, { classes });
  network.store.initialize(0);
  const { groups } = network.store;
  const optimizer = await sgd(gpu, network.store);
  const crop = { height: 13, width: 17 };
  const options = { batch: 4, crop, size, objective };
  const planned = memoryPlan(gpu, trainingStep(network, options).definition);
  const trainer = await Trainer.open(gpu, network, optimizer, options);
  assertEquals(planned, trainer.program.memory);
  const store = new MemoryStore();
  const rates = (rate: number) => groupRates(groups, rate, 1);
  const result = await adapt(
    { trainer, samples: new MemorySamples(), store },
    { source: images("source", 12), target: images("target", 8), evaluation: images("target", 6) },
    {
      ...{ seed: 1, rounds: 1, epochs: 3, learningRates: [0.002], rateDecay: "constant", rates },
      sourceTraining: { steps: 200, rates: () => rates(0.005) },
      targetPortion: { initial: 0.5, step: 0, maximum: 0.5 },
      ...{ sourcePortion: { images: 8 }, sourceChoice: "nested", portionRule: "crst" },
      selection: { policy: "cbst", rule: "crst", stride: 1 },
      augmentation: { scaleRange: [0.9, 1.2], mirror: true },
    },
  );
  const weights = await store.read("weights.safetensors");
  const stem = (await network.store.save()).get("stem.weight")?.values;
  for (const owned of [trainer, optimizer, network]) owned.dispose();
  return { result, weights, stem };
}

Deno.test("a network of another kind trains, labels, scores and adapts in memory, twice to the same bytes", async () => {
  const first = await run();
  assert((first.result.sourceOnly?.miou ?? 0) > 0.6, `source only ${first.result.sourceOnly?.miou}`);
  assert((first.result.adapted?.miou ?? 0) > 0.6, `adapted ${first.result.adapted?.miou}`);
  assert((first.weights?.length ?? 0) > 1000, "no weights were kept");
  const second = await run();
  assertEquals(second.result.adapted, first.result.adapted);
  assertEquals(second.weights, first.weights);
  const untrained = new Network(await testGpu(), scanner, { classes }, { trainable: false });
  untrained.store.initialize(0);
  assertEquals((await untrained.store.save()).get("stem.weight")?.values, first.stem);
  untrained.dispose();
});
