import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { openDataset } from "../../src/data/folder.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { scoreConfusion } from "../../src/metrics/confusion.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { Network } from "../../src/nn/network.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { writeTowns } from "../../src/run/synth.ts";
import { testGpu } from "../ops/harness.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

const views = ["--flip", "--scales", "1,1.5"];

Deno.test("evaluate and predict average over --scales and --flip, and agree with each other", async () => {
  await inTemporaryFolder(async (folder) => {
    await writeTowns(folder, { trainCount: 1, valCount: 3, height: 24, width: 48, seed: 5 });
    const data = join(folder, "target");
    const { classes } = openDataset(data);
    const gpu = await testGpu();
    const network = new Network(gpu, deeplabNano, { classes });
    network.store.initialize(4);
    const weights = join(folder, "weights.safetensors");
    Deno.writeFileSync(weights, await network.save());
    network.dispose();

    const evaluate = async (...options: string[]) => {
      const run = await crosswalk("evaluate", "--weights", weights, "--data", data, "--json", ...options);
      assertEquals(run.code, 0, run.stderr);
      return JSON.parse(run.stdout);
    };
    const plain = await evaluate();
    const averaged = await evaluate(...views);
    assertEquals(averaged.images, 3);
    assert(averaged.pixelAccuracy !== plain.pixelAccuracy, `pixel accuracy ${plain.pixelAccuracy} both times`);

    const out = join(folder, "out");
    const images = join(data, "val", "images");
    const run = await crosswalk(
      "predict",
      "--weights",
      weights,
      "--images",
      images,
      "--out",
      out,
      "--logits",
      ...views,
    );
    assertEquals(run.code, 0, run.stderr);
    const plainOut = join(folder, "plain");
    const plainRun = await crosswalk(
      ...["predict", "--weights", weights, "--images", images, "--out", plainOut, "--logits"],
    );
    assertEquals(plainRun.code, 0, plainRun.stderr);
    const confusion = new Array<number>(classes.length ** 2).fill(0);
    for (const { name } of Deno.readDirSync(images)) {
      const read = (path: string) => decodeLabels(Deno.readFileSync(path), path).labels;
      const truth = read(join(data, "val", "labels", name));
      for (const [pixel, label] of read(join(out, name)).entries()) {
        const row = truth[pixel] ?? 255;
        const index = row * classes.length + label;
        if (row < classes.length) confusion[index] = (confusion[index] ?? 0) + 1;
      }
      const logits = readNpy(Deno.readFileSync(join(out, name.replace(".png", ".npy"))), name);
      assertEquals(logits.shape, [classes.length, 6, 12]);
      // Whatever the views, the logits are those of the image as it is.
      assertEquals(logits, readNpy(Deno.readFileSync(join(plainOut, name.replace(".png", ".npy"))), name));
    }
    const { miou, pixelAccuracy } = scoreConfusion(confusion);
    assertEquals([averaged.miou, averaged.pixelAccuracy], [miou, pixelAccuracy]);
  });
});
