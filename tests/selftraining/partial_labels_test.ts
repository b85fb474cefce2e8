/** Scribbles: of images that are labelled in part, only what has no label of its own gets a pseudo-label. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { MemorySamples } from "../../src/data/memory_samples.ts";
import { Network } from "../../src/nn/network.ts";
import { openSplits } from "../../src/run/run_splits.ts";
import { openDataset } from "../../src/data/folder.ts";
import { labelTarget, leaveLabelled } from "../../src/selftraining/labelling.ts";
import { MemoryStore } from "../../src/selftraining/memory_store.ts";
import { silent } from "../../src/selftraining/progress.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { labelBytes, ringPoints, scanBytes, writeAt } from "../data/scans/made_scans.ts";
import { withFolder } from "../data/pictures.ts";
import { testGpu } from "../ops/harness.ts";
import { intensityNet, loadIntensities, madeScans, scanClasses, smallSize } from "./made_scans.ts";

Deno.test("pseudo-labels of labelled pixels are taken back and counted", () => {
  const labels = Uint8Array.of(0, 1, 1, 255, 2);
  assertEquals(leaveLabelled(labels, Uint8Array.of(255, 0, 1, 2, 255)).slice(0, 3), [0, 2, 0]);
  assertEquals([...labels], [0, 255, 255, 255, 2]);
  assertThrows(() => leaveLabelled(labels, new Uint8Array(4)), Error, "5 pseudo-labels, 4 labels");
});

Deno.test("points that are scribbled on get no pseudo-label, all others those that they would get", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, intensityNet, { classes: scanClasses }, { trainable: false });
  loadIntensities(network);
  // Every third point keeps its label.
  const items = madeScans("target", 3).map((item) => {
    const { labels } = item;
    if (labels === null) return item;
    return { ...item, labels: { ...labels, labels: labels.labels.map((id, point) => point % 3 === 0 ? id : 255) } };
  });
  const label = async (onlyUnlabelled: boolean) => {
    const store = new MemoryStore();
    const sink = store.openLabels(1, items, 3);
    const report = await labelTarget(gpu, network, new MemorySamples(), items, sink, {
      ...{ policy: "cbst", rule: "crst", stride: 4, portion: 1, size: smallSize, batch: 2, onlyUnlabelled },
    });
    return { report, maps: store.labelledItems(1, items).map(({ labels }) => [...labels?.labels ?? []]) };
  };
  const [all, others] = [await label(false), await label(true)];
  network.dispose();
  const expected = all.maps.map((map, scan) =>
    map.map((id, point) => items[scan]?.labels?.labels[point] === 255 ? id : 255)
  );
  assertEquals(others.maps, expected);
  assert(others.maps.flat().some((id) => id < 255) && String(others.maps) !== String(all.maps));
  const counts = scanClasses.map((_, id) => expected.flat().filter((one) => one === id).length);
  assertEquals(others.report.labelled, counts);
  assertEquals(others.report.lambda, all.report.lambda);
});

Deno.test("with --labelled scribbles all scans are learnt from, and adapted to", () =>
  withFolder(async (folder) => {
    for (const frame of ["000000", "000001"]) {
      const root = join(folder, "sequences/00");
      writeAt(join(root, `velodyne/${frame}.bin`), scanBytes(ringPoints(4)));
      if (frame === "000000") writeAt(join(root, `scribbles/${frame}.label`), labelBytes([10, 0, 40, 0]));
    }
    const dataset = openDataset(folder);
    const settings = resolveSettings("adapt", { data: folder, labelled: "scribbles" });
    const opened = { source: dataset, target: dataset, isFinished: false };
    const lists = { sourceLayout: undefined, targetLayout: undefined, source: undefined, target: undefined };
    const { sourceSplit, targetSplit } = await openSplits(settings, opened, lists, true, silent);
    assertEquals([sourceSplit, targetSplit].map(({ items }) => items.map(({ name }) => name)), [
      ["00/000000"],
      ["00/000000", "00/000001"],
    ]);
  }));
