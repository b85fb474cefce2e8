/** The source images that the page for adaptation carries. */

import { assertEquals, assertRejects } from "@std/assert";
import { findModel } from "../../src/nn/models/mod.ts";
import { writeTowns } from "../../src/run/synth.ts";
import { readStudioSource } from "../../src/run/studio_source.ts";
import { silent } from "../../src/selftraining/progress.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { renderTown, townClasses } from "../../src/town/town.ts";

const town = { height: 32, width: 48, seed: 0 };
const model = findModel("deeplab-nano");

async function withTown(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await writeTowns(folder, { ...town, trainCount: 3, valCount: 1 });
    await body(`${folder}/source`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a page's source images are the data set's, with its labels, at the network's working size", async () => {
  await withTown(async (folder) => {
    const settings = resolveSettings("adapt", { source: folder });
    const source = await readStudioSource(folder, settings, { model, metadata: null }, silent);
    assertEquals([source.count, source.available, source.size], [3, 3, { height: 32, width: 48 }]);
    assertEquals(source.classes, townClasses.map(({ name }) => name));
    assertEquals(source.palette, townClasses.map(({ color }) => color));
    const { pixels, labels } = renderTown("source", 1, town);
    const area = town.height * town.width;
    assertEquals(source.labels.subarray(area, 2 * area), new Uint8Array(labels));
    assertEquals(source.images.subarray(3 * area, 6 * area), pixels.filter((_, index) => index % 4 < 3));
    const smaller = resolveSettings("adapt", { source: folder, "short-side": 16 });
    const resized = await readStudioSource(folder, smaller, { model, metadata: null }, silent);
    assertEquals([resized.size, resized.labels.length], [{ height: 16, width: 24 }, 3 * 16 * 24]);
  });
});

Deno.test("a source whose classes do not lead to the network's is refused", async () => {
  await withTown(async (folder) => {
    const settings = resolveSettings("adapt", { source: folder });
    const metadata = { classes: ["apple", "pear"] };
    await assertRejects(() => readStudioSource(folder, settings, { model, metadata }, silent), Error);
  });
});
