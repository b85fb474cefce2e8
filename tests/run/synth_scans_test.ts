import { assertEquals, assertRejects } from "@std/assert";
import { openDataset } from "../../src/data/folder.ts";
import { kittiSensor } from "../../src/data/scans/sensor.ts";
import { builtInFolders, writeBuiltIn } from "../../src/run/built_in.ts";
import { writeScans } from "../../src/run/synth_scans.ts";
import { scanTown } from "../../src/town/scans/town_scan.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("writeScans() writes SemanticKITTI's layout: 20 training streets in turn, other streets in 08", async () => {
  await inFolder(async (folder) => {
    await writeScans(folder, "64-beams", { trainCount: 21, valCount: 1, seed: 3 });
    const dataset = openDataset(folder);
    assertEquals(dataset.classes.length, 19);
    const train = dataset.split("train").items;
    assertEquals(train.length, 21);
    assertEquals(train.slice(0, 3).map(({ name }) => name), ["00/000000", "00/000001", "00/001000"]);
    const expected = [
      ["00/000000", { street: 0, frame: 0 }],
      ["00/000001", { street: 0, frame: 1 }],
      ["00/001000", { street: 10, frame: 0 }],
    ] as const;
    for (const [index, [name, place]] of expected.entries()) {
      const { points, labels } = scanTown("64-beams", { seed: 3, ...place });
      const item = train[index];
      assertEquals([item?.name, item?.sensor], [name, kittiSensor]);
      assertEquals(new Float32Array((await Deno.readFile(item?.imagePath ?? "")).buffer), points);
      assertEquals(new Uint32Array((await Deno.readFile(item?.labelPath ?? "")).buffer), labels);
    }
    const [held] = dataset.split("val").items;
    const { points } = scanTown("64-beams", { seed: 3, street: 1_000_000, frame: 0 });
    assertEquals(new Float32Array((await Deno.readFile(held?.imagePath ?? "")).buffer), points);
  });
});

Deno.test("the scans of two sensors are of different streets, and both are seen in the view that is described", async () => {
  await inFolder(async (folder) => {
    await writeBuiltIn("lidar-sensors", folder, { trainCount: 1, size: { height: 8, width: 8 }, seed: 0 });
    assertEquals(builtInFolders("lidar-sensors", folder), { source: `${folder}/source`, target: `${folder}/target` });
    assertEquals(builtInFolders("lidar", folder), { data: folder });
    const [source] = openDataset(`${folder}/source`).split("train").items;
    const [target] = openDataset(`${folder}/target`).split("train").items;
    assertEquals([source?.sensor?.rows, target?.sensor?.rows], [21, 21]);
    assertEquals([source?.sensor?.rule, target?.sensor?.rule], ["angle", "angle"]);
    // Both fill every row, so that none is new to a network that has learnt from one of them.
    for (const [item, numbers] of [[source, 4], [target, 5]] as const) {
      const { rows = 0, up = 0, down = 0, nearest = 0 } = item?.sensor ?? {};
      const found = new Float32Array((await Deno.readFile(item?.imagePath ?? "")).buffer);
      const filled = new Set<number>();
      for (let at = 0; at < found.length; at += numbers) {
        const [x = 0, y = 0, z = 0] = found.subarray(at, at + 3);
        const elevation = Math.atan2(z, Math.hypot(x, y)) * 180 / Math.PI;
        const row = Math.floor(rows * (1 - (elevation - down) / (up - down)));
        if (Math.hypot(x, y) >= nearest && row >= 0 && row < rows) filled.add(row);
      }
      assertEquals(filled.size, rows);
    }
    const { points } = scanTown("32-beams", { seed: 0, street: 500, frame: 0 });
    assertEquals(new Float32Array((await Deno.readFile(target?.imagePath ?? "")).buffer), points);
  });
});

Deno.test("writeScans() refuses counts that are none", async () => {
  await inFolder(async (folder) => {
    for (const trainCount of [0, 1.5]) {
      await assertRejects(
        () => writeScans(folder, "64-beams", { trainCount }),
        RangeError,
        "expected an integer from 1",
      );
    }
  });
});
