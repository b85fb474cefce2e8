/** Thresholds by class and ring: the rings of points, and the pixels that show them. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MemorySamples } from "../../src/data/memory_samples.ts";
import { Network } from "../../src/nn/network.ts";
import { labelTarget } from "../../src/selftraining/labelling.ts";
import { LogitsSource } from "../../src/selftraining/logits_source.ts";
import { MemoryStore } from "../../src/selftraining/memory_store.ts";
import { ringCountOf, ringsOfPoints } from "../../src/selftraining/rings.ts";
import { noPoint } from "../../src/ops/scans/geometry.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { testGpu } from "../ops/harness.ts";
import { oneConvolution } from "./one_convolution.ts";
import { madeScans, scanClasses, scanNet, smallSensor, smallSize } from "./made_scans.ts";

Deno.test("points lie in rings by their distance along the ground; the last ring has all that is farther", () => {
  assertEquals([0, 5, 30, 100].map(ringCountOf), [1, 16, 3, 1]);
  assertThrows(() => ringCountOf(1), RangeError, "at least 2 m");
  const points = [[3, 4, 90, 0], [-29.9, 0, 0, 0], [0, 30, 0, 0], [59, 20, 0, 0], [500, 0, 0, 0], [NaN, 0, 0, 0]];
  const pixels = Float32Array.from(points.flat());
  const image = { height: points.length, width: 1, pixels, sensor: smallSensor };
  assertEquals([...ringsOfPoints(image, 30)], [0, 0, 1, 2, 2, 2]);
  const five = Float32Array.from(points.flatMap((point) => [...point, 7]));
  assertEquals([...ringsOfPoints({ ...image, pixels: five }, 30)], [0, 0, 1, 2, 2, 2]);
});

Deno.test("the ring of each pixel is that of the point that it shows, whether a batch is split or not, mirrored or not", async () => {
  const items = madeScans("target", 4);
  const samples = new MemorySamples();
  // The points of a scan take less than that, the logits of both views of three scans more.
  using limited = await Gpu.open({ maxBindingBytes: 90_000 });
  for (const gpu of [await testGpu(), limited]) {
    const network = new Network(gpu, scanNet, { classes: scanClasses }, { trainable: false });
    network.store.initialize(1);
    const before = gpu.allocatedBytes;
    for (const flip of [false, true]) {
      const views = { scales: [1], flip, average: "probabilities" } as const;
      const options = { size: smallSize, batch: 3, ringMetres: 5, keptBytes: flip ? 0 : undefined, views };
      const source = new LogitsSource(gpu, network, samples, items, options);
      let scan = 0;
      for await (const { images, filled, rings } of source.batches()) {
        assert(filled !== undefined && rings !== undefined);
        const [winners, found] = await gpu.read(filled, { ...rings, size: images * 16 * 64 });
        const points = new Uint32Array(winners?.buffer ?? new ArrayBuffer(0));
        const expected = Array.from({ length: images * 16 * 64 }, (_, pixel) => {
          const item = items[scan + Math.trunc(pixel / (16 * 64))];
          const point = points[pixel] ?? noPoint;
          return point === noPoint || item === undefined ? 255 : ringsOfPoints(item.image, 5)[point];
        });
        assertEquals([...found ?? []], expected);
        assert(new Set(expected).size > 3);
        scan += images;
      }
      assertEquals(scan, 4);
      await source[Symbol.asyncDispose]();
      assertEquals(gpu.allocatedBytes, before);
    }
    network.dispose();
  }
});

Deno.test("with rings the portion of each class is labelled in each ring, by a threshold of its own", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, scanNet, { classes: scanClasses }, { trainable: false });
  network.store.initialize(1);
  const items = madeScans("target", 3);
  const samples = new MemorySamples();
  const label = async (ringMetres: number) => {
    const store = new MemoryStore();
    const options = { policy: "cbst", rule: "crst", stride: 1, portion: 0.3, size: smallSize, ringMetres } as const;
    const result = await labelTarget(gpu, network, samples, items, store.openLabels(1, items, 3), options);
    const labels = store.labelledItems(1, items).flatMap(({ labels }) => [...labels?.labels ?? []]);
    const rings = items.flatMap(({ image }) => [...ringsOfPoints(image, 5)]);
    return {
      result,
      count: (ring: number) => rings.filter((one, at) => one === ring && (labels[at] ?? 255) < 255).length,
    };
  };
  const [plain, ringed] = [await label(0), await label(5)];
  const { rings } = ringed.result;
  assertEquals(plain.result.rings, undefined);
  assertEquals([rings?.metres, rings?.lambda.length], [5, 16]);
  assertEquals(ringed.result.n_pixels, plain.result.n_pixels);
  for (const [ring, counts] of rings?.n_pixels.entries() ?? []) {
    const pixels = counts.reduce((sum, count) => sum + count, 0);
    // At least the portion of each class; where thresholds differ, the ratio to another may label more.
    const least = counts.reduce((sum, count) => sum + Math.floor(0.3 * count), 0);
    assert(ringed.count(ring) >= least && ringed.count(ring) <= pixels, `ring ${ring}: ${ringed.count(ring)}`);
  }
  const thresholds = rings?.lambda.map((ring) => ring[0]).filter((value) => value !== 1);
  assert(new Set(thresholds).size > 2, `${thresholds}`);
  network.dispose();
});

Deno.test("images have no rings", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, oneConvolution(false), { classes: ["a", "b"] }, { trainable: false });
  const store = new MemoryStore();
  const image = { height: 8, width: 8, pixels: new Uint8Array(256) };
  const items = [{ name: "a", image, labels: null }];
  const options = { policy: "cbst", rule: "crst", stride: 1, portion: 0.3, size: { height: 8, width: 8 } } as const;
  const label = () =>
    labelTarget(gpu, network, new MemorySamples(), items, store.openLabels(1, items, 2), { ...options, ringMetres: 5 });
  await assertRejects(label, RangeError, "Only the points of LiDAR scans");
  network.dispose();
});
