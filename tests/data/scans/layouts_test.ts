import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { openDataset, openLoader } from "../../../src/data/folder.ts";
import { labelSet } from "../../../src/data/label_sets.ts";
import { kittiSensor } from "../../../src/data/scans/sensor.ts";
import { testWithShared } from "../../shared.ts";
import { withFolder } from "../pictures.ts";
import { labelBytes, ringPoints, scanBytes, writeAt } from "./made_scans.ts";

/** Writes a sequence of two scans of eight points, with labels in some folders. */
function writeSequence(root: string, sequence: string, labelled: readonly string[]): void {
  for (const frame of ["000000", "000005"]) {
    writeAt(join(root, sequence, "velodyne", `${frame}.bin`), scanBytes(ringPoints(8)));
    for (const folder of labelled) {
      writeAt(join(root, sequence, folder, `${frame}.label`), labelBytes([10, 40, 0, 0, 50, 70, 252, 99]));
    }
  }
}

const size = { height: 16, width: 64 };

Deno.test("SemanticKITTI is known by its sequences, with its splits, wherever they lie", async () => {
  for (const place of ["sequences", "dataset/sequences", ""]) {
    await withFolder(async (folder) => {
      const root = join(folder, place);
      for (const sequence of ["00", "07", "08", "10"]) writeSequence(root, sequence, ["labels"]);
      writeSequence(root, "11", []);
      const dataset = openDataset(folder);
      assertEquals([dataset.layout, dataset.splitNames()], ["semantickitti", ["train", "val", "test"]]);
      assertEquals(dataset.classes, labelSet("semantickitti-19").classes);
      const names = (split: string) => dataset.split(split).items.map(({ name }) => name);
      assertEquals(names("train"), ["00/000000", "00/000005", "07/000000", "07/000005", "10/000000", "10/000005"]);
      assertEquals(names("val"), ["08/000000", "08/000005"]);
      assertEquals(names("test"), ["11/000000", "11/000005"]);
      assertEquals(dataset.split("test").items.map(({ labelPath }) => labelPath), [null, null]);
      assertEquals(dataset.labelPath("train", "00/000005"), join(root, "00", "labels", "000005.label"));
      const [first] = dataset.split("train").items;
      assertEquals(first?.sensor, kittiSensor);
      using loader = openLoader({ workers: 1 });
      for await (const { image, labels } of loader.load(dataset.split("train").items.slice(0, 1), { size })) {
        assertEquals([image.height, image.width, image.sensor], [8, 1, kittiSensor]);
        assertEquals(image.pixels, new Float32Array(ringPoints(8).flat()));
        assertEquals(labels, new Uint8Array([0, 8, 255, 255, 12, 14, 0, 255]));
      }
    });
  }
});

Deno.test("ScribbleKITTI is known by its scribbles, which only the split train has", () =>
  withFolder((folder) => {
    const root = join(folder, "sequences");
    for (const sequence of ["00", "08"]) writeSequence(root, sequence, ["labels"]);
    writeSequence(root, "00", ["scribbles"]);
    const dataset = openDataset(folder);
    assertEquals(dataset.layout, "scribblekitti");
    const labels = (split: string) => dataset.split(split).items[0]?.labelPath;
    assertEquals(labels("train"), join(root, "00", "scribbles", "000000.label"));
    assertEquals(labels("val"), join(root, "08", "labels", "000000.label"));
    const full = openDataset(folder, { layout: "semantickitti" });
    assertEquals(full.split("train").items[0]?.labelPath, join(root, "00", "labels", "000000.label"));
  }));

Deno.test("scans without labels and labels without a scan are both told", () =>
  withFolder((folder) => {
    const root = join(folder, "sequences");
    writeSequence(root, "03", ["labels"]);
    Deno.removeSync(join(root, "03", "labels", "000000.label"));
    writeAt(join(root, "03", "labels", "000009.label"), labelBytes([0]));
    const { items, notices } = openDataset(folder).split("train");
    assertEquals(items.map(({ labelPath }) => labelPath !== null), [false, true]);
    assertEquals(notices.map((text) => text.replace(folder, "")), [
      "Left out of /sequences/03/labels: 1 label file without a scan in velodyne, such as 000009.label",
    ]);
    assertThrows(() => openDataset(folder).split("val"), Error, 'has no split "val". It has: train');
  }));

testWithShared("the small SemanticKITTI has 40 scans to train on and 5 to score on, all labelled", [
  "data/lidar/semantickitti-mini",
], async (folder) => {
  const dataset = openDataset(folder);
  const splits = ["train", "val"].map((name) => dataset.split(name).items);
  assertEquals(splits.map(({ length }) => length), [40, 5]);
  assertEquals(splits.flat().filter(({ labelPath }) => labelPath === null), []);
  using loader = openLoader({ workers: 1 });
  const [first = null] = splits[0] ?? [];
  if (first === null) return;
  const { image, labels } = await loader.loadOne(first, { size });
  assertEquals([image.height, labels?.length], [124668, 124668]);
});
