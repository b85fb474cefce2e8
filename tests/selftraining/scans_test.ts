/** Networks train on LiDAR scans, and are scored on them, through the exported library. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  adamW,
  evaluate,
  groupRates,
  type MemoryItem,
  memoryPlan,
  MemorySamples,
  Network,
  Trainer,
  trainingStep,
  trainStage,
  type ViewOptions,
} from "../../mod.ts";
import { equalBatches } from "../../src/selftraining/inference.ts";
import { mirrorAgreement } from "../../src/selftraining/mirror_agreement.ts";
import { testGpu } from "../ops/harness.ts";
import {
  intensityNet,
  loadIntensities,
  madeScans,
  pixelClasses,
  scanClasses,
  scanNet,
  smallSize,
} from "./made_scans.ts";

const scans = madeScans("val", 5);
const samples = new MemorySamples();

/** The pixels of each class in the range images of some scans. */
function pixelCounts(items: readonly MemoryItem[]): number[] {
  const all = items.flatMap((item) => [...pixelClasses(item, smallSize)]);
  return scanClasses.map((_, id) => all.filter((one) => one === id).length);
}

async function withIntensities(use: (gpu: Awaited<ReturnType<typeof testGpu>>, network: Network) => Promise<void>) {
  const gpu = await testGpu();
  const network = new Network(gpu, intensityNet, { classes: scanClasses }, { trainable: false });
  loadIntensities(network);
  await use(gpu, network);
  network.dispose();
}

Deno.test("the pixels of range images are scored by the labels of the points that they show, empty ones not", async () => {
  await withIntensities(async (gpu, network) => {
    const counts = pixelCounts(scans);
    const diagonal = counts.flatMap((count, id) => counts.map((_, other) => id === other ? count : 0));
    const flipped: ViewOptions = { scales: [1], flip: true, average: "probabilities" };
    for (const views of [undefined, flipped]) {
      // The last batch is not full, and the scans differ in their numbers of points.
      const options = { size: smallSize, batch: 2, views };
      assertEquals(await evaluate(gpu, network, samples, scans, options), diagonal);
    }
    const unlabelled = scans.map((scan) => ({ ...scan, labels: null }));
    await assertRejects(() => evaluate(gpu, network, samples, unlabelled, { size: smallSize }), Error, "has no labels");
    const scaled = { size: smallSize, views: { ...flipped, scales: [0.5, 1] } };
    await assertRejects(() => evaluate(gpu, network, samples, scans, scaled), Error, "views of one scale");
    const kept = { size: { shortSide: 16 } };
    await assertRejects(() => evaluate(gpu, network, samples, scans, kept), Error, "the size of the range image");
  });
});

Deno.test("predictions of mirrored range images agree where a network looks at single pixels, empty ones not counted", async () => {
  await withIntensities(async (gpu, network) => {
    const { iou, shares } = await mirrorAgreement(gpu, network, samples, scans, { size: smallSize, batch: 2 });
    assertEquals(iou, [1, 1, 1]);
    const counts = pixelCounts(scans);
    const all = counts.reduce((sum, count) => sum + count, 0);
    assertEquals(shares, counts.map((count) => count / all));
  });
});

Deno.test("a batch of scans has room for the longest so far, or for the longest of a run", async () => {
  const long = madeScans("long", 3).map((scan, index): MemoryItem => {
    const height = [10, 5000, 20][index] ?? 0;
    return { ...scan, image: { ...scan.image, height, pixels: new Float32Array(4 * height) }, labels: null };
  });
  const roomsOf = async (points?: number) => {
    const rooms: (number | undefined)[] = [];
    const shapes = { size: smallSize, points };
    const batches = equalBatches(samples.load(long, shapes), { batch: 1, shapes, multiple: 1 });
    for await (const { points, size, labelSize } of batches) {
      assertEquals([size, labelSize], [smallSize, smallSize]);
      rooms.push(points);
    }
    return rooms;
  };
  assertEquals(await roomsOf(), [4096, 8192, 8192]);
  assertEquals(await roomsOf(5000), [8192, 8192, 8192]);
});

const step = { batch: 2, crop: smallSize, size: { height: 4096, width: 1 } };

/** Trains the network of convolutions on made scans; gives the losses and the weights. */
async function train(steps: number) {
  const gpu = await testGpu();
  const network = new Network(gpu, scanNet, { classes: scanClasses });
  network.store.initialize(0);
  const optimizer = await adamW(gpu, network.store);
  const trainer = await Trainer.open(gpu, network, optimizer, step);
  assertEquals(memoryPlan(gpu, trainingStep(network, step).definition), trainer.program.memory);
  const images = madeScans("train", 6);
  const losses: number[] = [];
  await trainStage(trainer, samples, {
    ...{ name: "source", seed: 1, augmentation: {}, mining: {}, steps },
    items: images.map((_, index) => ({ domain: "source", index })),
    images: { source: images, target: [] },
    rates: () => groupRates(network.store.groups, 0.02, 1),
  }, {
    from: 0,
    onLosses: (all) => void losses.push(...all.map(({ loss }) => loss)),
    checkpointDue: () => false,
    checkpoint: () => Promise.resolve(),
    signal: undefined,
  });
  const confusion = await evaluate(gpu, network, samples, scans, { size: smallSize, batch: 2 });
  const weights = await network.save();
  for (const owned of [trainer, optimizer, network]) owned.dispose();
  return { losses, confusion, weights };
}

Deno.test("a network learns from scans that are moved at random, twice to the same bytes", async () => {
  const { losses, confusion, weights } = await train(40);
  const [first = 0, last = 1] = [losses[0], losses.at(-1)];
  assert(last < 0.4 * first, `the loss went from ${first} to ${last}`);
  const right = confusion.filter((_, index) => index % 4 === 0).reduce((sum, count) => sum + count, 0);
  const all = confusion.reduce((sum, count) => sum + count, 0);
  assert(right > 0.85 * all, `${right} of ${all} pixels are right`);
  assertEquals((await train(40)).weights, weights);
});

Deno.test("a step on scans refuses what scans do not have", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, scanNet, { classes: scanClasses });
  assertThrows(() => trainingStep(network, { ...step, labels: "compact" }), RangeError, "hard labels");
  assertThrows(() => trainingStep(network, { ...step, weighted: true }), RangeError, "have no weights");
  network.dispose();
});
