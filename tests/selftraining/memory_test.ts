import { assert, assertEquals, assertRejects } from "@std/assert";
import { openDataset, openLoader } from "../../src/data/folder.ts";
import type { FileItem } from "../../src/data/file_item.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { loadNetwork } from "../../src/nn/network.ts";
import { evaluate } from "../../src/selftraining/evaluation.ts";
import { labelTarget } from "../../src/selftraining/labelling.ts";
import { spatialPrior } from "../../src/selftraining/spatial_prior.ts";
import type { LabelSink } from "../../src/selftraining/store.ts";
import { networkFile, pictureSize, writeStreets } from "../cli/fixture.ts";
import { withFolder } from "../data/pictures.ts";

/** `count` images under names of their own, from the files of the streets in turn. */
function itemsOf(folder: string, count: number): FileItem[] {
  const dataset = openDataset(folder);
  const files = ["train", "val"].flatMap((name) => dataset.split(name).items);
  return Array.from({ length: count }, (_, index) => ({ ...files[index % 2], name: `${index}` } as FileItem));
}

Deno.test("evaluation takes as much GPU memory for 80 images as for 40", () =>
  withFolder(async (folder) => {
    writeStreets(folder);
    using gpu = await Gpu.open();
    using loader = openLoader();
    const network = loadNetwork(gpu, (await networkFile()).bytes, "the network");
    const peaks: number[] = [];
    // From the eighth batch on the counts of earlier ones are read back while the next one runs. Both have more batches.
    for (const count of [40, 80]) {
      const before = gpu.allocatedBytes;
      const confusion = await evaluate(gpu, network, loader, itemsOf(folder, count), { size: pictureSize });
      const pixels = confusion.reduce((sum, value) => sum + value, 0);
      assert(pixels > count * 0.9 * pictureSize.height * pictureSize.width, `only ${pixels} pixels were scored`);
      assertEquals(gpu.allocatedBytes, before);
      peaks.push(gpu.peakBytes);
    }
    assertEquals(peaks[1], peaks[0]);
  }));

Deno.test("labelling takes no more GPU memory for 40 images than for a few; what it keeps never changes the labels", () =>
  withFolder(async (folder) => {
    writeStreets(folder);
    using gpu = await Gpu.open();
    using loader = openLoader();
    const network = loadNetwork(gpu, (await networkFile()).bytes, "the network");
    const label = async (count: number, keptBytes?: number) => {
      const items = itemsOf(folder, count);
      const before = gpu.allocatedBytes;
      const prior = await spatialPrior(gpu, loader, items, { classes: network.classCount, size: pictureSize });
      const maps: Uint8Array[] = [];
      const sink: LabelSink = {
        write: (map) => {
          assertEquals(map.width, pictureSize.width);
          maps.push(map.labels);
          return Promise.resolve();
        },
        finish: () => Promise.resolve({ precision: [], recall: [] }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
      const { lambda_hex } = await labelTarget(gpu, network, loader, items, sink, {
        ...{ policy: "cbst", rule: "crst", stride: 1, portion: 0.3, size: pictureSize },
        prior,
        keptBytes,
      });
      gpu.destroyBuffer(prior);
      assertEquals(gpu.allocatedBytes, before);
      assertEquals(maps.length, count);
      return { peak: gpu.peakBytes, labels: { lambda_hex, maps } };
    };
    // Four images, of the logits [16 channels, 8, 16] each, are a batch.
    const batchBytes = 4 * 16 * 8 * 16 * 4;
    const few = await label(4, 0);
    const many = await label(40, 0);
    assertEquals(many.peak, few.peak);
    const fewKept = await label(8, batchBytes);
    const manyKept = await label(40, batchBytes);
    assertEquals(manyKept.peak, fewKept.peak);
    // The bound is what limits the memory: ten batches that are all kept take more.
    const all = await label(40);
    assert(all.peak > manyKept.peak, `${all.peak}, ${manyKept.peak}`);
    for (const { labels } of [manyKept, all]) assertEquals(labels, many.labels);
    assert(many.labels.maps.some((labels) => labels.some((label) => label !== 255)), "nothing was labelled");
  }));

Deno.test("labelling and evaluation that are stopped leave nothing allocated", () =>
  withFolder(async (folder) => {
    writeStreets(folder);
    using gpu = await Gpu.open();
    using loader = openLoader();
    const network = loadNetwork(gpu, (await networkFile()).bytes, "the network");
    const items = itemsOf(folder, 12);
    const before = gpu.allocatedBytes;
    const sink: LabelSink = {
      write: () => Promise.reject(new Error("the sink is full")),
      finish: () => Promise.resolve({ precision: [], recall: [] }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const label = (keptBytes: number, signal?: AbortSignal) =>
      labelTarget(gpu, network, loader, items, sink, {
        ...{ policy: "cbst", rule: "crst", stride: 1, portion: 0.3, size: pictureSize, keptBytes, signal },
      });
    for (const keptBytes of [0, 2 ** 20]) {
      await assertRejects(() => label(keptBytes), Error, "the sink is full");
      assertEquals(gpu.allocatedBytes, before);
    }
    /** A signal that is given when so many batches are done. */
    const stopping = (batches: number) => {
      const controller = new AbortController();
      let done = 0;
      const count = () => ++done === batches && controller.abort(new Error("stopped"));
      return { signal: controller.signal, onProgress: () => void count() };
    };
    const { signal, onProgress } = stopping(2);
    await assertRejects(
      () => evaluate(gpu, network, loader, items, { size: pictureSize, signal, onProgress }),
      Error,
      "stopped",
    );
    assertEquals(gpu.allocatedBytes, before);
    await assertRejects(() => label(0, AbortSignal.abort(new Error("stopped"))), Error, "stopped");
    assertEquals(gpu.allocatedBytes, before);
  }));
