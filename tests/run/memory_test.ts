import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openDataset } from "../../src/data/dataset.ts";
import { decodeLabels } from "../../src/data/decode.ts";
import { Loader } from "../../src/data/loader.ts";
import type { Item } from "../../src/data/sample.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { loadNetwork } from "../../src/nn/network.ts";
import { Progress } from "../../src/report/progress.ts";
import { labelTarget } from "../../src/run/labelling.ts";
import { Profile } from "../../src/run/profile.ts";
import { RunFolder } from "../../src/run/run_folder.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { evaluate } from "../../src/selftraining/evaluation.ts";
import { networkFile, pictureSize, writeStreets } from "../cli/fixture.ts";
import { withFolder } from "../data/pictures.ts";

/** `count` images under names of their own, from the files of the streets in turn. */
function itemsOf(folder: string, count: number): Item[] {
  const dataset = openDataset(folder);
  const files = ["train", "val"].flatMap((name) => dataset.split(name).items);
  return Array.from({ length: count }, (_, index) => ({ ...files[index % 2], name: `${index}` } as Item));
}

Deno.test("evaluation takes as much GPU memory for 40 images as for 4", () =>
  withFolder(async (folder) => {
    writeStreets(folder);
    using gpu = await Gpu.open();
    using loader = new Loader();
    const network = loadNetwork(gpu, (await networkFile()).bytes, "the network");
    const peaks: number[] = [];
    for (const count of [4, 40]) {
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
    using loader = new Loader();
    const network = loadNetwork(gpu, (await networkFile()).bytes, "the network");
    const settings = resolveSettings("adapt", { "spatial-prior": true });
    const label = async (count: number, keptBytes?: number) => {
      const run = RunFolder.open(join(folder, `run of ${count}, ${keptBytes}`), settings, false);
      const split = { name: "train", items: itemsOf(folder, count) };
      const { signal } = new AbortController();
      const context = {
        gpu,
        settings,
        folder: run,
        network,
        loader,
        progress: new Progress(),
        profile: new Profile(),
        size: pictureSize,
        crop: pictureSize,
        signal,
      };
      const before = gpu.allocatedBytes;
      const { lambda_hex } = await labelTarget(context, { sourceSplit: split, targetSplit: split }, 1, 0.3, keptBytes);
      run.close();
      assertEquals(gpu.allocatedBytes, before);
      const pngs = split.items.map(({ name }) => readFileSync(run.file("rounds", "1", "pseudo-labels", `${name}.png`)));
      return { peak: gpu.peakBytes, labels: { lambda_hex, pngs } };
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
    const [first = new Uint8Array()] = many.labels.pngs;
    assert(decodeLabels(first, "the first").labels.some((label) => label !== 255), "nothing was labelled");
  }));
