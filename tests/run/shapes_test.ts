/** Runs on images of several shapes: which sizes are chosen, what is said of them, and labels at the images' own sizes. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { planShapes } from "../../src/data/shapes.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { openDataset } from "../../src/data/folder.ts";
import { UsageError } from "../../src/errors.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { runAdaptation } from "../../src/run/adaptation.ts";
import { openRun } from "../../src/run/open_run.ts";
import { writePictures } from "../../src/run/pictures.ts";
import { runSizes, shapesOf, wantedSize } from "../../src/settings/working_sizes.ts";
import { readRecipe, resolveSettings, type Values } from "../../src/settings/settings.ts";
import { townClasses } from "../../src/town/town.ts";
import { networkFile, recipe, street, writeStreets } from "../cli/fixture.ts";
import { withFolder, write } from "../data/pictures.ts";

const size = (height: number, width: number) => ({ height, width });
const shapes = { wide: size(48, 96), tall: size(72, 45), odd: size(35, 65) };

/** Target images of three shapes with labels to score on, and photos without. */
function writeTarget(folder: string): void {
  write(join(folder, "dataset.json"), JSON.stringify({ name: "t", classes: townClasses.map(({ name }) => name) }));
  for (const [index, [name, shape]] of Object.entries(shapes).entries()) {
    const { image, labels } = street(index, shape);
    for (const split of ["train", "val"]) {
      write(join(folder, split, "images", `${name}.png`), image);
      write(join(folder, split, "labels", `${name}.png`), labels);
    }
  }
}

/** A source of one shape and a target of several, in a temporary folder. */
function withStreets(body: (folders: Record<"source" | "target" | "out", string>) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const [source, target] = [join(folder, "source"), join(folder, "target")];
    writeStreets(source);
    writeTarget(target);
    await body({ source, target, out: join(folder, "run") });
  });
}

const settingsOf = (given: Values) => resolveSettings("adapt", given, readRecipe(recipe, "the recipe"));

Deno.test("adapt keeps the shapes of mixed images, and writes pseudo-labels at their own sizes, to use as labels", () =>
  withStreets(async ({ source, target, out }) => {
    const settings = settingsOf({ source, target, out, "spatial-prior": true, "short-side": 32 });
    const { context, data, close } = await openRun(settings, true);
    assertEquals([context.shapes.typical, context.room], [size(32, 64), size(32, 64)]);
    assertEquals(context.shapes.canvases, [size(32, 60), size(52, 32), size(32, 64)]);
    const { adapted, rounds } = await runAdaptation(context, data, () => {});
    await writePictures(context, data);
    close();
    assertEquals([adapted?.images, rounds.length], [3, 1]);
    for (const [name, { height, width }] of Object.entries(shapes)) {
      const path = join(out, "rounds", "1", "pseudo-labels", `${name}.png`);
      const bytes = new Uint8Array(readFileSync(path));
      // Palette PNG.
      assertEquals(bytes[25], 3);
      const found = decodeLabels(bytes, path);
      assertEquals([found.height, found.width], [height, width], name);
      assert(found.labels.every((id) => id === 255 || id < townClasses.length));
      // They are labels of the images they were made from.
      write(
        join(target, "again", "images", `${name}.png`),
        new Uint8Array(readFileSync(join(target, "train", "images", `${name}.png`))),
      );
      write(join(target, "again", "labels", `${name}.png`), bytes);
    }
    assertEquals(openDataset(target).split("again").items.map(({ labelPath }) => labelPath !== null), [
      true,
      true,
      true,
    ]);
  }));

Deno.test("--size means exactly that, and stretching is said; the weights' size is a short side; without any, images keep their own", () => {
  const said: string[] = [];
  const say = (text: string) => said.push(text);
  const wanted = (given: Values, recorded?: { height: number; width: number }) =>
    wantedSize(resolveSettings("predict", given), recorded, deeplabNano, say);
  assertEquals(wanted({ size: size(33, 62) }, size(240, 320)), size(32, 64));
  assertEquals(wanted({ "short-side": 100 }, size(240, 320)), { shortSide: 100 });
  assertEquals(wanted({}, size(240, 320)), { shortSide: 240 });
  assertEquals(wanted({}, size(320, 200)), { shortSide: 200 });
  assertEquals(wanted({}), null);
  assertThrows(() => wanted({ size: size(8, 8), "short-side": 8 }), UsageError, "either --size");
  // What is given beside a recipe wins over the other in it.
  assertEquals(resolveSettings("predict", { "short-side": 8 }, { size: size(8, 8) }).get("size"), undefined);
  assertEquals(said, ["The size 33×62 is no multiple of the network's stride 4: working at 32×64"]);

  said.length = 0;
  const own = [size(48, 64), size(24, 32), size(64, 48)];
  shapesOf(size(24, 32), own, deeplabNano, say);
  assertEquals(said.length, 1);
  assertStringIncludes(said[0] ?? "", "1 of 3 images has another shape than 24×32 and will be stretched to it");
  shapesOf(size(24, 32), own.slice(0, 2), deeplabNano, say);
  // The images that a run trains on are counted too.
  said.length = 0;
  runSizes(size(24, 32), { source: own, target: null, evaluation: own.slice(0, 1) }, deeplabNano, say);
  assertStringIncludes(said[0] ?? "", "1 of 4 images has another shape than 24×32");
  assertEquals(shapesOf({ shortSide: 24 }, own, deeplabNano, say), planShapes({ shortSide: 24 }, own, 4));
  assertEquals(said.length, 1);
});

Deno.test("the recorded size is that of most source images; without one, adapt brings targets to the source's short side", () =>
  withFolder(async (folder) => {
    const [source, target] = ["source", "target"].map((name) => join(folder, name)) as [string, string];
    writeStreets(source);
    writeTarget(target);
    const weights = join(folder, "weights.safetensors");
    write(weights, (await networkFile()).bytes);
    const open = async (given: Values, name: string) => {
      const out = join(folder, name);
      const { context: { shapes, room, crop, network }, close } = await openRun(
        settingsOf({ source, target, out, ...given }),
        true,
      );
      const recorded = network.metadata.size;
      close();
      rmSync(out, { recursive: true });
      return { size: shapes.size, typical: shapes.typical, room, crop, recorded };
    };
    assertEquals(await open({}, "own"), {
      size: { shortSide: 32 },
      typical: size(32, 64),
      room: size(32, 64),
      crop: size(32, 32),
      recorded: size(32, 64),
    });
    assertEquals((await open({ size: size(16, 40) }, "exact")).size, size(16, 40));
  }));

Deno.test("a run that an earlier version began without a size goes on stretching", () =>
  withStreets(async ({ source, target, out }) => {
    const start = async (resume: boolean) => {
      const { context: { shapes }, close } = await openRun(settingsOf({ source, target, out, resume }), true);
      close();
      return shapes.size;
    };
    assertEquals(await start(false), { shortSide: 32 });
    assertEquals(await start(true), { shortSide: 32 });
    // Earlier versions kept the settings alone, and stages without an id.
    const config = join(out, "config.json");
    const { run: _, ...kept } = JSON.parse(readFileSync(config, "utf8"));
    write(config, JSON.stringify(kept));
    write(join(out, "stages.json"), JSON.stringify({ "something": true }));
    assertEquals(await start(true), size(32, 64));
    assertEquals(await start(true), size(32, 64));
  }));
