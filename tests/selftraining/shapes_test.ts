/** Images of several shapes in one run: labelled, scored and trained on as if each were alone. */

import { assert, assertEquals } from "@std/assert";
import { type MemoryItem, MemorySamples } from "../../src/data/memory_samples.ts";
import type { Sample } from "../../src/data/sample.ts";
import { planShapes, type ShapeOptions } from "../../src/data/shapes.ts";
import type { Size } from "../../src/data/size.ts";
import { Network } from "../../src/nn/network.ts";
import { Random } from "../../src/random.ts";
import { evaluate } from "../../src/selftraining/evaluation.ts";
import { equalBatches } from "../../src/selftraining/inference.ts";
import { labelTarget } from "../../src/selftraining/labelling.ts";
import { MemoryStore } from "../../src/selftraining/memory_store.ts";
import { Predictor } from "../../src/selftraining/prediction.ts";
import { spatialPrior } from "../../src/selftraining/spatial_prior.ts";
import { plainView, type ViewOptions } from "../../src/selftraining/views.ts";
import { testGpu } from "../ops/harness.ts";
import { oneConvolution } from "./one_convolution.ts";

const classes = ["a", "b", "c"];

/** An image of random bytes, with random labels. */
function item(height: number, width: number, seed: number): MemoryItem {
  const random = new Random(seed, "image");
  const pixels = Uint8Array.from({ length: height * width * 4 }, (_, i) => i % 4 === 3 ? 255 : random.integer(256, i));
  const labels = Uint8Array.from({ length: height * width }, (_, i) => random.integer(3, 1_000_000 + i));
  return { name: `${seed}`, image: { height, width, pixels }, labels: { height, width, labels } };
}

/** A network whose logits at a place depend on no other place, and the number of times that it was traced. */
async function network() {
  let traced = 0;
  const model = oneConvolution(false);
  const counting = {
    ...model,
    logits: (...args: Parameters<typeof model.logits>) => (traced++, model.logits(...args)),
  };
  const made = new Network(await testGpu(), counting, { classes });
  made.store.initialize(3);
  const before = traced;
  return { network: made, programs: () => traced - before };
}

const sizeOf = ({ originalSize }: Sample): Size => originalSize;

/** The labels of all images at their own size. */
async function predict(
  network: Network,
  items: readonly MemoryItem[],
  shapes: ShapeOptions,
  { batch = 4, views = plainView }: { batch?: number; views?: ViewOptions } = {},
): Promise<Uint8Array[]> {
  const gpu = await testGpu();
  await using predictor = new Predictor(gpu, network, batch, views);
  const samples = new MemorySamples().load(items, { size: shapes.size });
  const all: Uint8Array[] = [];
  for await (const group of equalBatches(samples, { batch, shapes, multiple: 4 }, sizeOf)) {
    const { labels, starts } = await predictor.run(group);
    const [bytes = new Uint8Array(0)] = await gpu.read(labels);
    for (const [index, { originalSize: { height, width } }] of group.samples.entries()) {
      const start = starts[index] ?? NaN;
      all.push(bytes.slice(start, start + height * width));
    }
  }
  return all;
}

Deno.test("a hundred photos of different shapes compile four programs; each is labelled as if it were alone", async () => {
  const random = new Random(7, "shapes");
  const items = Array.from(
    { length: 100 },
    (_, index) => item(9 + random.integer(30, index, 0), 9 + random.integer(30, index, 1), index),
  );
  const planned = planShapes(null, items.map(({ image }) => image), 4);
  const { network: counted, programs } = await network();
  const found = await predict(counted, items, planned);
  assertEquals(programs(), 4);
  // Some of them with no more padding than to a multiple of four.
  const chosen = items.filter((_, index) => index % 25 === 0);
  const alone = await predict(counted, chosen, { size: null }, { batch: 1 });
  assertEquals(found.filter((_, index) => index % 25 === 0), alone);
  assert(found.some((labels) => new Set(labels).size === 3));
  counted.dispose();
});

Deno.test("padding changes no label, also of mirrored views and of working sizes that are not the images' own", async () => {
  const items = [item(12, 20, 1), item(11, 17, 2), item(20, 12, 3), item(12, 20, 4)];
  const { network: one } = await network();
  for (const size of [null, { shortSide: 8 }]) {
    for (const flip of [false, true]) {
      const views: ViewOptions = { scales: [1], flip, average: "probabilities" };
      const alone = await predict(one, items, { size }, { batch: 1, views });
      for (
        const canvases of [[], [{ height: 24, width: 32 }], [{ height: 12, width: 20 }, { height: 20, width: 24 }]]
      ) {
        const padded = await predict(one, items, { size, canvases }, { batch: 3, views });
        assertEquals(padded, alone, JSON.stringify([size, flip, canvases]));
      }
    }
  }
  one.dispose();
});

Deno.test("images of one shape that is no multiple are padded too, in the kernels of that one size", async () => {
  const items = [item(11, 18, 1), item(11, 18, 2)];
  const { network: one } = await network();
  const planned = planShapes(null, items.map(({ image }) => image), 4);
  assertEquals(planned.areMixed, false);
  assertEquals(await predict(one, items, planned), await predict(one, items, { size: null }, { batch: 1 }));
  one.dispose();
});

Deno.test("thresholds, pseudo-labels and scores of mixed shapes do not depend on how images are grouped, nor on padding", async () => {
  const gpu = await testGpu();
  const items = [item(12, 20, 1), item(20, 12, 2), item(13, 19, 3), item(12, 20, 4), item(20, 13, 5)];
  const { network: one } = await network();
  const samples = new MemorySamples();
  const prior = await spatialPrior(gpu, samples, items, { classes: 3, size: { height: 12, width: 20 }, kernel: 5 });
  const planned = planShapes(null, items.map(({ image }) => image), 4);
  const label = async (shapes: ShapeOptions, batch: number, withPrior: boolean) => {
    const store = new MemoryStore();
    await using sink = store.openLabels(1, items, 3);
    const { seconds: _, ...result } = {
      seconds: 0,
      ...await labelTarget(gpu, one, samples, items, sink, {
        ...{ policy: "cbst", rule: "crst", portion: 0.4, stride: 1, ...shapes, batch },
        ...(withPrior ? { prior, priorSize: { height: 12, width: 20 } } : {}),
      }),
    };
    const labels = store.labelledItems(1, items).map((one) => one.labels);
    const confusion = await evaluate(gpu, one, samples, items, { ...shapes, batch });
    return { result, labels, confusion };
  };
  for (const withPrior of [false, true]) {
    const alone = await label({ size: null }, 1, withPrior);
    assertEquals(
      alone.labels.map((map) => [map?.height, map?.width]),
      items.map(({ image: { height, width } }) => [height, width]),
    );
    assertEquals(
      alone.confusion.reduce((sum, count) => sum + count, 0),
      items.reduce((sum, { labels }) => sum + (labels?.labels.length ?? 0), 0),
    );
    assert(alone.result.labelled.every((count) => count > 0), `${alone.result.labelled}`);
    for (
      const [shapes, batch] of [[planned, 1], [planned, 3], [
        { size: null, canvases: [{ height: 20, width: 24 }] },
        4,
      ]] as const
    ) {
      assertEquals(await label(shapes, batch, withPrior), alone, `${withPrior}, batch ${batch}`);
    }
  }
  gpu.destroyBuffer(prior);
  one.dispose();
});
