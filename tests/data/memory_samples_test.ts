import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { encodeLabelPng, encodeRgbPng } from "../../src/data/encode.ts";
import { openDataset, openLoader } from "../../src/data/folder.ts";
import { MemorySamples } from "../../src/data/memory_samples.ts";
import type { Sample, SampleOptions } from "../../src/data/sample.ts";
import { renderTown, townClasses } from "../../src/town/town.ts";
import { withFolder, write } from "./pictures.ts";

const picture = renderTown("source", 0, { height: 16, width: 24, seed: 0 });
const { height, width } = picture;
const item = { name: "street", image: picture, labels: picture };

Deno.test("samples from memory are those of the same image and labels in files, at every size", () =>
  withFolder(async (folder) => {
    write(join(folder, "dataset.json"), JSON.stringify({ name: "n", classes: townClasses.map(({ name }) => name) }));
    write(join(folder, "train/images/street.png"), encodeRgbPng(picture.pixels, height, width));
    write(join(folder, "train/labels/street.png"), encodeLabelPng(picture.labels, height, width));
    const [file] = openDataset(folder).split("train").items;
    assert(file !== undefined);
    using loader = openLoader();
    const samples = new MemorySamples();
    const all: SampleOptions[] = [
      { size: null },
      { size: { height: 8, width: 30 } },
      { size: { height: 8, width: 30 }, labels: "original" },
      { size: { height: 8, width: 30 }, labels: "none" },
      { size: { height: 8, width: 30 }, labels: "only" },
      { size: { shortSide: 9 } },
    ];
    const sizes = new Set<string>();
    for (const options of all) {
      const sample = await samples.loadOne(item, options);
      assertEquals(sample, await loader.loadOne(file, options), JSON.stringify(options));
      sizes.add(`${sample.image.pixels.length} ${sample.labels?.length}`);
    }
    assertEquals(sizes.size, 6);
    assertEquals([samples.hasLabels(item), loader.hasLabels(file)], [true, true]);
  }));

Deno.test("samples from memory come in the order of the items, and labels that are missing are said to be", async () => {
  const samples = new MemorySamples();
  const unlabelled = { ...item, name: "unlabelled", labels: null };
  const found: Sample[] = [];
  for await (const sample of samples.load([unlabelled, item, unlabelled], { size: null })) found.push(sample);
  assertEquals(found.map(({ name, labels }) => [name, labels?.length]), [
    ["unlabelled", undefined],
    ["street", height * width],
    ["unlabelled", undefined],
  ]);
  assertEquals(samples.hasLabels(unlabelled), false);
  const labels = samples.loadOne(unlabelled, { size: null, labels: "only" });
  await assertRejects(() => labels, Error, "Cannot load labels of unlabelled: it has none");
});
