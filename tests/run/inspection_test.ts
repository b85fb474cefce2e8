import { assert, assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { renameSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { openDataset } from "../../src/data/folder.ts";
import { checkedFile } from "../../src/run/checked_file.ts";
import { countedParts } from "../../src/run/file_digest.ts";
import { inspectItems, requireUsable } from "../../src/run/inspection.ts";
import { encodeLabelPng, encodeRgbPng } from "../../src/data/encode.ts";
import { checkLabels, warnOfPalettes } from "../../src/run/label_check.ts";
import { silent } from "../../src/selftraining/progress.ts";
import { plainPng, withFolder, write, writeSmallDataset } from "../data/pictures.ts";

const options = { name: "images", progress: silent, workers: 2 };

/** What is found out about the split `train` of a data set. */
function inspect(folder: string) {
  return inspectItems(openDataset(folder).split("train").items, options);
}

Deno.test("an inspection gives the sizes and a digest that knows contents and names, but no place", () =>
  withFolder(async (folder) => {
    const data = join(folder, "data");
    writeSmallDataset(data, 40);
    const found = await inspect(data);
    assertEquals([found.items.length, found.sizes.length, found.labelSizes.length], [40, 40, 40]);
    assertEquals([found.sizes[39], found.labelSizes[39]], [{ height: 6, width: 8 }, { height: 6, width: 8 }]);
    assertEquals([found.items[1]?.name, found.items[2]?.name], ["1", "10"]);
    renameSync(data, join(folder, "moved"));
    assertEquals((await inspect(join(folder, "moved"))).digest, found.digest);
    renameSync(join(folder, "moved"), data);
    const original = Deno.readFileSync(join(data, "train/images/5.png"));
    write(join(data, "train/images/5.png"), plainPng(6, 8, [1, 1, 1]));
    const changed = await inspect(data);
    assertNotEquals(changed.digest, found.digest);
    assertEquals(changed.digests.filter((digest, index) => digest !== found.digests[index]).length, 1);
    write(join(data, "train/images/5.png"), original);
    assertEquals((await inspect(data)).digest, found.digest);
    renameSync(join(data, "train/images/5.png"), join(data, "train/images/55.png"));
    renameSync(join(data, "train/labels/5.png"), join(data, "train/labels/55.png"));
    assertNotEquals((await inspect(data)).digest, found.digest);
  }));

Deno.test("all problems are listed together, the first twenty by their sentences", () =>
  withFolder(async (folder) => {
    writeSmallDataset(folder, 30);
    for (let index = 0; index < 22; index++) write(join(folder, `train/images/${index}.png`), "no image");
    write(join(folder, "train/images/29.png"), plainPng(6, 9, [1, 1, 1]));
    const found = await inspect(folder);
    assertEquals([found.items.length, found.leftOut.length], [7, 23]);
    const { message } = assertThrows(() => requireUsable([found], { skipsBroken: false, progress: silent }), Error);
    assertStringIncludes(message, "Images with labels cannot be used");
    assertStringIncludes(message, "These are 23 images");
    assertStringIncludes(message, "train/images/0.png: it is no image file");
    assertEquals(message.split("\n").length, 23);
    assertStringIncludes(message, "and 3 more");
    const said: string[] = [];
    const progress = { ...silent, warn: (text: string) => said.push(text) };
    requireUsable([found], { skipsBroken: true, progress });
    assertStringIncludes(said.join(), "23 images cannot be used and will be left out");
    assertEquals(found.leftOut.filter(({ problem }) => problem.includes("6×9")).length, 1);
  }));

/** What is warned about while a split is checked. */
async function warningsOf(folder: string): Promise<string[]> {
  const dataset = openDataset(folder);
  const split = dataset.split("train");
  const inspected = await inspectItems(split.items, options);
  requireUsable([inspected], { skipsBroken: false, progress: silent });
  const said: string[] = [];
  const progress = { ...silent, warn: (text: string) => said.push(text) };
  checkLabels(split, dataset, inspected, progress);
  warnOfPalettes(dataset, inspected, progress);
  return said;
}

/** Expects a refusal that holds all of `parts`. */
async function assertRefused(folder: string, ...parts: string[]): Promise<void> {
  const message: string = await warningsOf(folder).then(() => "", (error) => error.message);
  for (const part of parts) assert(message.includes(part), `"${message}" lacks "${part}"`);
}

function writeLabels(folder: string, ids: number[][], palette?: [number, number, number][]) {
  for (const [index, [first = 0, second = first]] of ids.entries()) {
    const labels = new Uint8Array(48).fill(first).fill(second, 24);
    write(join(folder, `train/labels/${index}.png`), encodeLabelPng(labels, 6, 8, palette));
  }
}

Deno.test("classes that no label holds are warned about; one single class and ids outside the list are refused", () =>
  withFolder(async (folder) => {
    writeSmallDataset(folder, 3);
    assertEquals(await warningsOf(folder), []);
    writeLabels(folder, [[0], [1], [1]]);
    assertEquals((await warningsOf(folder)).length, 1);
    assertStringIncludes((await warningsOf(folder)).join(), 'holds the class "sky"');
    writeLabels(folder, [[0], [0], [0]]);
    await assertRefused(folder, 'one class only, "road", of 3', "16 bits that were converted to 8");
    writeLabels(folder, [[255], [255], [255]]);
    await assertRefused(folder, "are ignored", "id 255");
    writeLabels(folder, [[0], [1], [2, 7]]);
    await assertRefused(folder, "train/labels/2.png: id 7 at row 3, column 0", "(0–2, 255)");
    // Masks of 0 and 255.
    write(join(folder, "dataset.json"), '{"name": "m", "classes": ["background", "object"]}');
    writeLabels(folder, [[0, 255], [0, 255], [0]]);
    await assertRefused(folder, 'one class only, "background"', 'it means "object", write 1, its id, in its place');
    writeLabels(folder, [[0, 1], [0, 255], [0]]);
    assertEquals(await warningsOf(folder), []);
  }));

Deno.test("palettes of label files that disagree with the data set's are warned about", () =>
  withFolder(async (folder) => {
    writeSmallDataset(folder, 3);
    const palette: [number, number, number][] = [[1, 2, 3], [4, 5, 6], [7, 8, 9]];
    writeLabels(folder, [[0], [1], [2]], palette);
    assertEquals(await warningsOf(folder), []);
    writeLabels(folder, [[0], [1], [2]], [0, 1, 2].map((id) => [id, id, id]));
    assertEquals(await warningsOf(folder), []);
    const [first, second, third] = palette;
    if (first === undefined || second === undefined || third === undefined) throw new Error("no palette");
    writeLabels(folder, [[0], [1], [2]], [first, third, second]);
    const [warning = "", ...others] = await warningsOf(folder);
    assertEquals(others, []);
    for (
      const part of ["2 label files", "labels/1.png", '"car" (id 1) has the colour #070809', 'that of "sky" (id 2)']
    ) {
      assertStringIncludes(warning, part);
    }
  }));

Deno.test("a file that is cut short is noticed without its pixels, small or large", () =>
  withFolder((folder) => {
    const path = join(folder, "a.png");
    const noise = Uint8Array.from({ length: 900 * 900 * 3 }, (_, index) => (index * index * 2654435761) >>> 13);
    for (const [height, width] of [[30, 30], [900, 900]] as const) {
      write(path, encodeRgbPng(noise.subarray(0, height * width * 3), height, width));
      const { size } = Deno.statSync(path);
      const whole = checkedFile(path, { maxPixels: undefined });
      assertEquals([whole.header.height, whole.header.width, countedParts(size).length > 1], [
        height,
        width,
        size > 2 ** 20,
      ]);
      assertThrows(() => checkedFile(path, { maxPixels: 100 }), Error, "At most");
      // Bytes behind the end do no harm, as viewers see it.
      write(path, Uint8Array.from([...Deno.readFileSync(path), 0, 0, 0]));
      assertEquals(checkedFile(path, { maxPixels: undefined }).header.width, width);
      truncateSync(path, size - 40);
      assertThrows(() => checkedFile(path, { maxPixels: undefined }), Error, "a.png: the PNG file is cut short");
    }
    write(path, "");
    assertThrows(() => checkedFile(path, { maxPixels: undefined }), Error, "a.png");
  }));

Deno.test("a line end in a file's name makes no entry of its own in a list of problems", () =>
  withFolder(async (folder) => {
    writeSmallDataset(folder, 1);
    for (const name of ["a\n  b", "c"]) {
      write(join(folder, `train/images/${name}.png`), "no image");
      write(join(folder, `train/labels/${name}.png`), encodeLabelPng(new Uint8Array(48), 6, 8));
    }
    const inspected = await inspectItems(openDataset(folder).split("train").items, {
      name: "images",
      progress: silent,
    });
    const error = assertThrows(() => requireUsable([inspected], { skipsBroken: false, progress: silent }), Error);
    assertEquals(error.message.split("\n").length, 4);
    assertStringIncludes(error.message, "a\\n  b.png");
  }));
