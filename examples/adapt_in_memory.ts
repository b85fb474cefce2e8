/**
 * Adapts a small network from one built-in town to the other in memory: no file is read or written.
 *
 * deno run examples/adapt_in_memory.ts
 *
 * @module
 */

import {
  adamW,
  adapt,
  findModel,
  Gpu,
  groupRates,
  type MemoryItem,
  MemorySamples,
  MemoryStore,
  Network,
  renderTown,
  townClasses,
  type TownName,
  Trainer,
} from "../mod.ts";

const size = { height: 32, width: 64 };
const classes = townClasses.map(({ name }) => name);

/** Pictures of a town, each with a class for every pixel. */
function streets(town: TownName, first: number, count: number): MemoryItem[] {
  return Array.from({ length: count }, (_, index) => {
    const picture = renderTown(town, first + index, { ...size, seed: 0 });
    return { name: `${town} ${first + index}`, image: picture, labels: picture };
  });
}

using gpu = await Gpu.open();
const network = new Network(gpu, findModel("deeplab-nano"), { classes, size });
network.store.initialize(0);
const optimizer = await adamW(gpu, network.store, { weightDecay: 5e-4 });
const trainer = await Trainer.open(gpu, network, optimizer, { batch: 8, crop: size, size });
const rates = (rate: number) => groupRates(network.store.groups, rate, 1);

const { sourceOnly, adapted } = await adapt(
  { trainer, samples: new MemorySamples(), store: new MemoryStore() },
  {
    source: streets("source", 0, 48),
    // The network learns nothing of the target's labels, so they are left out.
    target: streets("target", 0, 48).map((street) => ({ ...street, labels: null })),
    evaluation: streets("target", 1000, 24),
  },
  {
    ...{ seed: 0, rounds: 2, epochs: 5 },
    sourceTraining: { steps: 40, rates: () => rates(0.01) },
    ...{ learningRates: [0.005], rateDecay: "sqrt2", rates },
    targetPortion: { initial: 0.3, step: 0.1, maximum: 0.5 },
    ...{ sourcePortion: { images: 48 }, sourceChoice: "redrawn", portionRule: "crst" },
    selection: { policy: "cbst", rule: "crst", stride: 1 },
    spatialPrior: true,
    augmentation: { scaleRange: [0.75, 1.5], mirror: true },
  },
);

const percent = (miou: number | null | undefined) => ((miou ?? 0) * 100).toFixed(1);
console.log(`mIoU ${percent(sourceOnly?.miou)} before, ${percent(adapted?.miou)} after`);
