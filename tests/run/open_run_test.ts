import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { Network } from "../../src/nn/network.ts";
import { openRun } from "../../src/run/open_run.ts";
import { resolveSettings, type Values } from "../../src/settings/settings.ts";
import { networkFile, street, writeStreets } from "../cli/fixture.ts";
import { withFolder, write } from "../data/pictures.ts";

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
