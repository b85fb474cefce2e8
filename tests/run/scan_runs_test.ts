/** Runs on LiDAR scans: their sizes, what is refused, and a whole training. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labelSet } from "../../src/data/label_sets.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { Network } from "../../src/nn/network.ts";
import { testGpu } from "../ops/harness.ts";
import { adviceOn } from "../../src/cli/advice.ts";
import { runSourceTraining } from "../../src/run/adaptation.ts";
import { memoryStages, planReport } from "../../src/run/memory_report.ts";
import { openRun } from "../../src/run/open_run.ts";
import { resolveSettings, type Values } from "../../src/settings/settings.ts";
import { writeStreets } from "../cli/fixture.ts";
import { withFolder } from "../data/pictures.ts";
import { writeScanStreets } from "./scan_streets.ts";

const tiny: Values = {
  ...{ model: "fidnet-nano", size: { height: 16, width: 64 }, batch: 2, optimizer: "adamw", "head-rate": 1 },
  ...{ "source-steps": 2, "source-rate": 0.003, "warm-up": 0 },
};

/** Opens a run of `train`; gives its sizes, or the sentence and the advice with which it is refused. */
async function opened(source: string | null, out: string, values: Values, command: "train" | "adapt" = "train") {
  try {
    const { context: { shapes, room, crop, network }, close } = await openRun(
      resolveSettings(command, { ...(source === null ? {} : { source }), out, ...values }),
      command === "adapt",
    );
    close();
    return { shapes, room, crop, size: network.metadata.size, variant: network.model.variant };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `${error.message}. ${adviceOn(error, "train")}`;
  }
}

Deno.test("scans are worked on at the size of their range images, and networks take only what they are made for", () =>
  withFolder(async (folder) => {
    const [scans, photographs] = [join(folder, "scans"), join(folder, "photographs")];
    writeScanStreets(scans);
    writeStreets(photographs);
    let runs = 0;
    const open = (values: Values, source = scans) => opened(source, join(folder, `run ${runs++}`), values);
    const size = { height: 16, width: 64 };
    const room = { height: 4096, width: 1 };
    const given = await open(tiny);
    assert(typeof given !== "string", String(given));
    assertEquals([given.room, given.crop, given.size, given.shapes.canvases], [room, size, size, [size]]);
    // Without a size it is that of the sensor.
    const whole = await open({ model: "fidnet-nano" });
    assert(typeof whole !== "string", String(whole));
    assertEquals(whole.size, { height: 64, width: 2048 });
    assertStringIncludes(
      String(await open({ ...tiny, jitter: 0.1 })),
      "Leave out --jitter: it does not apply to LiDAR",
    );
    const nothing: Values = { ...tiny, mirror: false, crop: "whole", "scale-range": [1, 1], jitter: 0 };
    assert(typeof await open(nothing) !== "string");
    assertStringIncludes(String(await open({ "short-side": 32, model: "fidnet-nano" })), "Leave out --short-side");
    const soft = await opened(scans, join(folder, "soft"), { ...tiny, target: scans, policy: "lrent" }, "adapt");
    assertStringIncludes(String(soft), "Choose --policy cbst or st: LiDAR scans are trained on hard labels");
    assert(!existsSync(join(folder, "soft", "stages.json")), "a run that is refused has not begun");
    const towns = await opened(null, join(folder, "towns"), {
      ...tiny,
      "built-in": "lidar",
      jitter: 0.1,
    });
    assertStringIncludes(String(towns), "Leave out --jitter");
    assert(!existsSync(join(folder, "towns")), "what is refused draws no town");
    const images = String(await open({ ...tiny, model: "deeplab-nano" }));
    assertStringIncludes(images, "The network deeplab-nano takes images, and ");
    assertStringIncludes(images, "000000.bin is a LiDAR scan. Train one that takes scans: --model fidnet");
    const other = String(await open(tiny, photographs));
    assertStringIncludes(other, "The network fidnet-nano takes LiDAR scans, and ");
    assertStringIncludes(other, ".png is none. Choose one that takes images with --model");
  }));

Deno.test("channels are raw where a network starts on scans of nuScenes' rule, and what is asked for elsewhere", () =>
  withFolder(async (folder) => {
    writeScanStreets(folder, 3, 2, "nuscenes");
    const out = (name: string) => join(folder, name);
    const variantOf = async (name: string, values: Values) => {
      const run = await opened(folder, out(name), { ...tiny, ...values });
      assert(typeof run !== "string", String(run));
      return run.variant;
    };
    assertEquals(await variantOf("plain", {}), { scaling: "raw" });
    assertEquals(await variantOf("scaled", { scaling: "scaled" }), {});
    const model = findModel("fidnet-nano");
    const network = new Network(await testGpu(), model, { classes: labelSet("semantickitti-19").classes });
    network.store.initialize(1);
    const weights = join(folder, "scaled.safetensors");
    writeFileSync(weights, await network.save());
    network.dispose();
    assertEquals(await variantOf("from weights", { weights }), {});
  }));

Deno.test("a network is trained on scans in a run, and the run takes no more memory than its plan says", () =>
  withFolder(async (folder) => {
    writeScanStreets(folder);
    const settings = resolveSettings("train", { source: folder, out: join(folder, "run"), ...tiny });
    const { context, data, close } = await openRun(settings, false);
    try {
      assertEquals(planReport(context, data, false).alternatives.length, 4);
      const stages = new Map(memoryStages(context, data, false).map(({ stage, bytes }) => [stage, bytes]));
      context.gpu.resetPeak();
      const { scores } = await runSourceTraining(context, data);
      const { peakBytes } = context.gpu;
      const planned = Math.max(...stages.values());
      assert(peakBytes <= planned && planned <= 1.05 * peakBytes, `planned ${planned}, took ${peakBytes}`);
      assertEquals([scores?.images, Object.keys(scores?.iou ?? {}).length], [2, 19]);
    } finally {
      close();
    }
  }));
