import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { Network } from "../../src/nn/network.ts";
import { openRun } from "../../src/run/open_run.ts";
import { resolveSettings, type Values } from "../../src/settings/settings.ts";
import { networkFile, street, writeStreets } from "../cli/fixture.ts";
import { withFolder, write, writeSmallDataset } from "../data/pictures.ts";

Deno.test("first weights go to the GPU once: no second network stands beside the run's", () =>
  withFolder(async (folder) => {
    const data = join(folder, "streets");
    const weights = join(folder, "weights.safetensors");
    writeStreets(data);
    const { bytes, tensors } = await networkFile();
    write(weights, bytes);
    const starts: Values[] = [{}, { weights }, { "source-model": weights }];
    for (const [index, start] of starts.entries()) {
      const out = join(folder, `run ${index}`);
      const settings = resolveSettings("adapt", { model: "deeplab-nano", source: data, target: data, out, ...start });
      const { context: { gpu, network }, data: images, close } = await openRun(settings, true);
      const { allocatedBytes, peakBytes } = gpu;
      new Network(gpu, network.model, network.metadata);
      const networkBytes = gpu.allocatedBytes - allocatedBytes;
      assertEquals([allocatedBytes, peakBytes], [networkBytes, networkBytes]);
      assertEquals(images.isFinished, "source-model" in start);
      const { metadata } = readSafetensors(await network.save(), "saved");
      assertEquals([metadata.size, metadata.palette !== undefined], ["32x64", true]);
      if (index > 0) {
        const values = (await network.store.save()).get("conv1.weight")?.values;
        assertEquals(values, tensors.get("conv1.weight")?.values);
      }
      close();
    }
  }));

Deno.test("a folder of photographs without a dataset.json is a target with the source's classes", () =>
  withFolder(async (folder) => {
    const source = join(folder, "streets");
    const target = join(folder, "photos");
    const out = join(folder, "run");
    writeStreets(source);
    write(join(target, "trip/a.png"), street(1).image);
    write(join(target, "b.png"), street(2).image);
    const settings = resolveSettings("adapt", { model: "deeplab-nano", source, target, out });
    const { data, close } = await openRun(settings, true);
    close();
    assertEquals(data.targetSplit.items.map(({ name, labelPath }) => [name, labelPath]), [
      ["b", null],
      ["trip/a", null],
    ]);
    assertEquals([data.target.classes, data.evaluationSplit], [data.source.classes, null]);
    assertEquals(data.inspected.target.sizes.length, 2);
  }));

/** The message with which a run of `train` on a data set ends. No GPU is opened: that would end it in these words. */
async function refusalOf(source: string, out: string, values: Values = {}): Promise<string> {
  const settings = resolveSettings("train", { model: "deeplab-nano", source, out, ...values });
  const { open } = Gpu;
  Gpu.open = () => Promise.reject(new Error("the GPU is opened"));
  try {
    return await openRun(settings, false).then(({ close }) => (close(), ""), (error) => error.message);
  } finally {
    Gpu.open = open;
  }
}

Deno.test("labels and files that cannot be used are refused before the GPU is opened, or left out", () =>
  withFolder(async (folder) => {
    const source = join(folder, "small");
    let starts = 0;
    const refusal = (values: Values = {}) => refusalOf(source, join(folder, `run ${starts++}`), values);
    writeSmallDataset(source, 4);
    assertEquals(await refusal(), "the GPU is opened");
    Deno.removeSync(join(source, "train/labels/3.png"));
    assertEquals(await refusal(), "the GPU is opened");
    write(join(source, "train/images/2.png"), "cut");
    assertStringIncludes(await refusal(), "Cannot read");
    assertStringIncludes(await refusal(), "train/images/2.png");
    assertEquals(await refusal({ "skip-broken": true }), "the GPU is opened");
    Deno.removeSync(join(source, "train/labels/1.png"));
    assertStringIncludes(await refusal({ "skip-broken": true }), 'hold one class only, "road"');
    Deno.removeSync(join(source, "train/labels"), { recursive: true });
    assertStringIncludes(await refusal(), "lacks labels for all 4 images");
  }));
