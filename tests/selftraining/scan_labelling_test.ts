/** Pseudo-labels of LiDAR scans go to points; rounds train on them, in memory and in a folder. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { FileItem } from "../../src/data/file_item.ts";
import { openLoader } from "../../src/data/folder.ts";
import type { MemoryItem } from "../../src/data/memory_samples.ts";
import { MemorySamples } from "../../src/data/memory_samples.ts";
import type { SampleSource } from "../../src/data/sample.ts";
import { decodeScanLabels } from "../../src/data/scans/read_scan.ts";
import { encodeScanLabels, rawIdsOfClasses, tableOfRawIds } from "../../src/data/scans/write_labels.ts";
import { InterruptedError, ReasonedError } from "../../src/errors.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { Network } from "../../src/nn/network.ts";
import { adamW } from "../../src/optim/optimizer.ts";
import { FolderStore } from "../../src/run/folder_store.ts";
import { RoundLabels } from "../../src/run/round_labels.ts";
import { adapt } from "../../src/selftraining/adapt.ts";
import type { AdaptationImages, AdaptationSettings } from "../../src/selftraining/adaptation.ts";
import { labelTarget } from "../../src/selftraining/labelling.ts";
import { labelsOfPoints } from "../../src/selftraining/labels_of_points.ts";
import { MemoryStore } from "../../src/selftraining/memory_store.ts";
import type { StageProgress } from "../../src/selftraining/progress.ts";
import { scanPrior } from "../../src/selftraining/scan_prior.ts";
import { priorFile } from "../../src/selftraining/spatial_prior.ts";
import type { RunStore } from "../../src/selftraining/store.ts";
import { Trainer } from "../../src/selftraining/trainer.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { writeAt } from "../data/scans/made_scans.ts";
import { withFolder } from "../data/pictures.ts";
import { testGpu } from "../ops/harness.ts";
import {
  intensityNet,
  loadIntensities,
  madeScans,
  pixelClasses,
  scanClasses,
  scanNet,
  smallSensor,
  smallSize,
} from "./made_scans.ts";

const samples = new MemorySamples();

Deno.test("the point that a pixel shows takes the pixel's label; all others are ignored", () => {
  const empty = 0xffffffff;
  const { labels, height, width } = labelsOfPoints(
    Uint8Array.of(4, 255, 2, 255, 0, 1),
    Uint32Array.of(6, 1, 0, empty, 3, 5),
    7,
  );
  assertEquals([...labels], [2, 255, 255, 0, 255, 1, 4]);
  assertEquals([height, width], [7, 1]);
});

Deno.test("each filled pixel labels one point, with the class of the nearest there; a part of each class, where that is wanted", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, intensityNet, { classes: scanClasses }, { trainable: false });
  loadIntensities(network);
  const items = madeScans("target", 5);
  const expected = items.map((item) => [...pixelClasses(item, smallSize)].filter((id) => id < 255));
  for (const views of [undefined, { scales: [1], flip: true, average: "probabilities" } as const]) {
    const store = new MemoryStore();
    const sink = store.openLabels(1, items, 3);
    const result = await labelTarget(gpu, network, samples, items, sink, {
      ...{ policy: "cbst", rule: "crst", stride: 4, portion: 1, size: smallSize, batch: 2, views },
    });
    const found = store.labelledItems(1, items).map(({ labels }) => labels);
    for (const [scan, map] of found.entries()) {
      const item = items[scan];
      assertEquals(map?.labels.length, item?.image.height);
      const labelled = [...map?.labels ?? []].filter((id) => id < 255);
      assertEquals(labelled.sort(), expected[scan]?.sort(), `scan ${scan}`);
      for (const [point, label] of map?.labels.entries() ?? []) {
        if (label < 255) assertEquals(label, item?.labels?.labels[point]);
      }
    }
    const all = expected.flat();
    assertEquals(result.n_pixels, scanClasses.map((_, id) => all.filter((one) => one === id).length));
    assertEquals([result.labelled, result.ignored], [result.n_pixels, 0]);
    // Every fourth of a class in each scan.
    const ranked = expected.map((labels) =>
      scanClasses.map((_, id) => Math.ceil(labels.filter((one) => one === id).length / 4))
    );
    assertEquals(
      result.n_sampled,
      scanClasses.map((_, id) => ranked.reduce((sum, counts) => sum + (counts[id] ?? 0), 0)),
    );
    assertEquals(result.precision, [1, 1, 1]);
  }
  network.dispose();
});

Deno.test("the prior of scans is the smoothed frequency of classes by row and column, around the sensor", async () => {
  const gpu = await testGpu();
  const size = { height: 16, width: 64 };
  const items = madeScans("source", 4);
  const buffer = await scanPrior(gpu, scanNet.takes, samples, items, { classes: 3, size });
  const { shape, data } = readNpy(await priorFile(gpu, buffer, { classes: 3, size }), "prior");
  gpu.destroyBuffer(buffer);
  assertEquals(shape, [3, 16, 64]);
  const [taps, rowTaps] = [4, 2];
  const gaussian = (count: number) => {
    const all = Array.from(
      { length: count },
      (_, tap) => Math.exp(-((tap - (count - 1) / 2) ** 2) / (2 * (count / 4) ** 2)),
    );
    return all.map((value) => value / all.reduce((sum, one) => sum + one, 0));
  };
  const maps = items.map((item) => pixelClasses(item, size));
  for (const id of [0, 1, 2]) {
    const count = (row: number, column: number) =>
      row < 0 || row >= 16 ? 0 : maps.filter((map) => map[row * 64 + (column + 64) % 64] === id).length;
    const values = Array.from({ length: 16 * 64 }, (_, at) => {
      const [row, column] = [Math.trunc(at / 64), at % 64];
      let sum = 0;
      for (const [i, down] of gaussian(rowTaps).entries()) {
        for (const [j, across] of gaussian(taps).entries()) {
          sum += down * across *
            count(row + i - Math.floor((rowTaps - 1) / 2), column + j - Math.floor((taps - 1) / 2));
        }
      }
      return sum;
    });
    const total = values.reduce((sum, value) => sum + value, 0);
    const worst = Math.max(...values.map((value, at) => Math.abs(value / total - Number(data[id * 16 * 64 + at]))));
    assert(worst < 1e-6, `class ${id}: ${worst}`);
  }
});

const settings: AdaptationSettings = {
  ...{ seed: 3, rounds: 1, epochs: 2, sourceChoice: "redrawn", portionRule: "crst", rateDecay: "constant" },
  sourceTraining: { steps: 4, rates: () => ({ backbone: 0.01, head: 0.01 }) },
  targetPortion: { initial: 0.3, step: 0.1, maximum: 0.5 },
  sourcePortion: { images: 2 },
  learningRates: [0.005],
  rates: (rate) => ({ backbone: rate, head: rate }),
  augmentation: {},
  selection: { policy: "cbst", rule: "crst", stride: 4 },
  spatialPrior: true,
};

async function run<Item>(
  source: SampleSource<Item>,
  store: RunStore<Item>,
  images: AdaptationImages<Item>,
  { stopAt = Infinity, changed = {} }: { readonly stopAt?: number; readonly changed?: Partial<AdaptationSettings> } =
    {},
) {
  const gpu = await testGpu();
  const network = new Network(gpu, scanNet, { classes: scanClasses });
  network.store.initialize(3);
  const optimizer = await adamW(gpu, network.store);
  const step = { batch: 2, crop: smallSize, size: { height: 4096, width: 1 } };
  const trainer = await Trainer.open(gpu, network, optimizer, step);
  const controller = new AbortController();
  let stages = 0;
  const stage = (): StageProgress => {
    if (++stages >= stopAt) controller.abort(new InterruptedError("stopped"));
    return { update: () => {}, end: () => {} };
  };
  const progress = { stage, line: () => {}, warn: () => {} };
  try {
    const all = { ...settings, ...changed };
    const result = await adapt({ trainer, samples: source, store, progress, signal: controller.signal }, images, all);
    return { result, weights: await store.read("weights.safetensors") ?? new Uint8Array(0) };
  } finally {
    for (const owned of [trainer, optimizer, network]) owned.dispose();
  }
}

const made = { source: madeScans("source", 3), target: madeScans("target", 3), evaluation: madeScans("val", 2) };

/** Writes made scans as files. */
function filesOf(folder: string, items: readonly MemoryItem[]): FileItem[] {
  return items.map(({ name, image, labels }): FileItem => {
    const [imagePath, labelPath] = [`${folder}/${name}.bin`, `${folder}/${name}.label`];
    writeAt(imagePath, new Uint8Array(image.pixels.slice().buffer));
    const ids = labels?.labels ?? new Uint8Array(0);
    writeAt(labelPath, encodeScanLabels(ids, rawIdsOfClasses(scanClasses), labelPath));
    return { name, imagePath, labelPath, labelTable: tableOfRawIds(scanClasses), sensor: smallSensor };
  });
}

Deno.test("rounds on scans end with the same bytes in memory, in a folder, and stopped in the middle", () =>
  withFolder(async (folder) => {
    const whole = await run(samples, new MemoryStore(), made);
    assertEquals(whole.result.rounds.length, 1);
    using loader = openLoader();
    const images = {
      source: filesOf(folder, made.source),
      target: filesOf(folder, made.target),
      evaluation: filesOf(folder, made.evaluation),
    };
    const open = (resume: boolean) => FolderStore.open(`${folder}/run`, resolveSettings("adapt"), { resume });
    const first = open(false);
    await assertRejects(() => run(loader, first, images, { stopAt: 5 }), InterruptedError);
    first.close();
    const second = open(true);
    const { weights, result } = await run(loader, second, images);
    assertEquals(weights, whole.weights);
    assertEquals({ ...result, seconds: {} }, { ...whole.result, seconds: {} });

    // The files of a round are SemanticKITTI's, with the ids of the classes.
    const report = JSON.parse(Deno.readTextFileSync(`${folder}/run/rounds/1/thresholds.json`));
    let labelled = 0;
    for (const { name, image } of made.target) {
      const path = `${folder}/run/rounds/1/labels/${name}.label`;
      const bytes = Deno.readFileSync(path);
      assertEquals(bytes.length, 4 * image.height);
      const { labels } = decodeScanLabels(bytes, path, tableOfRawIds(scanClasses), image.height);
      labelled += labels.filter((id) => id < 255).length;
    }
    assertEquals(labelled, report.labelled.reduce((sum: number, count: number) => sum + count, 0));
    assert(labelled > 100);
    // A label file that is not of the run, and one that was changed, are found.
    const own = `${folder}/run/rounds/1/labels/target 0.label`;
    const bytes = Deno.readFileSync(own);
    const kept = new RoundLabels(`${folder}/run`, second.stages, () => Promise.resolve());
    kept.requireOwn(1);
    Deno.writeFileSync(`${folder}/run/rounds/1/labels/other.label`, bytes);
    assertThrows(() => kept.requireOwn(1), Error, "other.label is not of the run");
    Deno.removeSync(`${folder}/run/rounds/1/labels/other.label`);
    Deno.writeFileSync(own, bytes.map((byte) => byte ^ 1));
    assertThrows(() => kept.requireOwn(1), Error, "target 0.label");
    second.close();
  }));

Deno.test("soft labels of scans are refused before anything is trained", async () => {
  const store = new MemoryStore();
  const changed = { selection: { ...settings.selection, policy: "lrent" } as const };
  const error = await assertRejects(() => run(samples, store, made, { changed }), ReasonedError, "soft labels");
  assertEquals(error.reason, "soft labels of scans");
  assertEquals(store.entries, []);
});

Deno.test("self-training by one threshold, and the control on labelled scans alone, run on scans", async () => {
  for (const changed of [{ selection: { ...settings.selection, policy: "st" } }, { control: true }] as const) {
    const { result } = await run(samples, new MemoryStore(), made, {
      changed: { ...changed, spatialPrior: false },
    });
    assertEquals(result.rounds.length, 1);
    assert((result.adapted?.miou ?? 0) > 0);
  }
});
