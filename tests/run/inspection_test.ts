import { assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { openDataset } from "../../src/data/folder.ts";
import { inspectItems, requireUsable } from "../../src/run/inspection.ts";
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
    assertStringIncludes(message, "23 images with labels cannot be used");
    assertStringIncludes(message, "train/images/0.png: it is no image file");
    assertEquals(message.split("\n").length, 22);
    assertStringIncludes(message, "and 3 more");
    const said: string[] = [];
    const progress = { ...silent, warn: (text: string) => said.push(text) };
    requireUsable([found], { skipsBroken: true, progress });
    assertStringIncludes(said.join(), "23 images cannot be used and will be left out");
    assertEquals(found.leftOut.filter(({ reason }) => reason.includes("6×9")).length, 1);
  }));
