import { assertEquals, assertRejects } from "@std/assert";
import { decodeImage } from "../../src/data/decode.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { openDataset } from "../../src/data/folder.ts";
import { renderTown, townClasses } from "../../src/town/town.ts";
import { VAL_START, writeTowns } from "../../src/run/synth.ts";

const options = { trainCount: 3, valCount: 2, height: 24, width: 48, seed: 5 };

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("writeTowns() writes two data sets that open like any other, pixel for pixel", async () => {
  await inFolder(async (folder) => {
    await writeTowns(folder, options);
    for (const town of ["source", "target"] as const) {
      const dataset = openDataset(`${folder}/${town}`);
      assertEquals(dataset.classes, townClasses.map(({ name }) => name));
      for (const [split, start, count] of [["train", 0, 3], ["val", VAL_START, 2]] as const) {
        for (let index = 0; index < count; index++) {
          const drawn = renderTown(town, start + index, options);
          const name = `000${index}.png`;
          const path = `${folder}/${town}/${split}`;
          const image = await decodeImage(await Deno.readFile(`${path}/images/${name}`), name);
          const labels = decodeLabels(await Deno.readFile(`${path}/labels/${name}`), name);
          assertEquals([image.height, image.width], [24, 48]);
          assertEquals(labels.labels, drawn.labels);
          assertEquals(image.pixels, drawn.pixels);
        }
      }
    }
  });
});

Deno.test("writeTowns() writes the same bytes twice and tells its progress", async () => {
  const progress: string[] = [];
  const read = async () => {
    const files: Record<string, Uint8Array> = {};
    await inFolder(async (folder) => {
      await writeTowns(folder, { ...options, onProgress: (done, total) => progress.push(`${done}/${total}`) });
      for (const name of ["source/dataset.json", "target/val/images/0001.png", "target/val/labels/0001.png"]) {
        files[name] = await Deno.readFile(`${folder}/${name}`);
      }
    });
    return files;
  };
  assertEquals(await read(), await read());
  assertEquals(progress.slice(0, 10), Array.from({ length: 10 }, (_, index) => `${index + 1}/10`));
});

Deno.test("writeTowns() refuses an empty split", async () => {
  await assertRejects(() => writeTowns("unused", { trainCount: 0 }), RangeError, "trainCount is 0");
});
