/**
 * Draws sheets of some target scans of a run: the range image, the ground truth, the labels of the source network, those
 * of each round and those of the adapted network, as range images and from above.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { IGNORE_LABEL } from "../data/class_map.ts";
import { encodeRgbPng } from "../data/encode.ts";
import type { FileItem } from "../data/file_item.ts";
import type { Sample } from "../data/sample.ts";
import type { Shapes } from "../data/shapes.ts";
import { writeFileSafely } from "../disk/files.ts";
import type { Network } from "../nn/network.ts";
import { drawScanSheet, type SheetLabels, type SheetScan, sheetScan } from "../report/scan_sheet.ts";
import type { LegendEntry } from "../report/strip.ts";
import { equalBatches, type SampleBatch } from "../selftraining/inference.ts";
import { PointLabels } from "../selftraining/point_labels.ts";
import { Predictor } from "../selftraining/prediction.ts";
import { testViewOptions } from "../settings/settings.ts";
import type { RunContext } from "./context.ts";
import { labelBatch } from "../settings/settings.ts";

/** A scan with the labels that a network gives its points. */
export interface PredictedScan {
  /** The scan and its range image. */
  readonly scan: SheetScan;
  /** The class of each point; 255 without one. */
  readonly labels: Uint8Array;
}

/**
 * Writes `pictures/<name>.png` for each of the scans.
 *
 * @param networks the one before the first round, and the adapted one.
 * @param rounds how many rounds there were.
 */
export async function writeScanPictures(
  context: RunContext,
  items: readonly FileItem[],
  networks: { readonly before: Network; readonly after: Network },
  { legend, rounds }: { readonly legend: readonly LegendEntry[]; readonly rounds: number },
): Promise<void> {
  const { folder, loader, shapes: { size } } = context;
  const before = await predictedScans(context, networks.before, items);
  const after = await predictedScans(context, networks.after, items);
  const { classCount, metadata: { classes } } = networks.after;
  const ofRounds = Array.from(
    { length: rounds },
    (_, index) => folder.labelledItems(index + 1, items, classCount, classes),
  );
  for (const [index, item] of items.entries()) {
    const { labels: truth } = await loader.loadOne(item, { size });
    const [first, last] = [before[index], after[index]];
    if (first === undefined || last === undefined) continue;
    const ofItem = ofRounds.map((labelled) => labelled[index]);
    const sheet = drawScanSheet(last.scan, [
      ...truth === null ? [] : [{ title: "ground truth", labels: truth }],
      { title: "source only", labels: first.labels },
      ...await roundLabels(context, ofItem),
      { title: "adapted", labels: last.labels },
    ], legend);
    writeFileSafely(folder.file("pictures", `${item.name}.png`), encodeRgbPng(sheet.pixels, sheet.height, sheet.width));
  }
}

/** The pseudo-labels of a scan in the rounds that labelled it. */
async function roundLabels(
  { loader, shapes: { size }, merge }: RunContext,
  ofRounds: readonly (FileItem | undefined)[],
): Promise<SheetLabels[]> {
  const kinds: SheetLabels[] = [];
  for (const [index, item] of ofRounds.entries()) {
    if (!item?.labelPath || !existsSync(item.labelPath)) continue;
    const { labels }: Sample = await loader.loadOne(item, { size });
    if (labels === null) continue;
    const shown = merge === undefined ? labels : labels.map((id) => merge.toId[id] ?? IGNORE_LABEL);
    kinds.push({ title: `labels of round ${index + 1}`, labels: shown, isAlsoAbove: false });
  }
  return kinds;
}

/** The labels that a network gives the points of scans. */
export async function predictedScans(
  { gpu, loader, settings, shapes, merge }: Pick<RunContext, "gpu" | "loader" | "settings" | "merge"> & {
    readonly shapes: Shapes;
  },
  network: Network,
  items: readonly FileItem[],
): Promise<PredictedScan[]> {
  // The batch of scoring, so that no kernel has to be compiled anew.
  const batch = labelBatch(settings, shapes);
  await using predictor = new Predictor(gpu, network, batch, testViewOptions(settings), merge);
  using pointLabels = new PointLabels(gpu, settings.get("post"));
  const all: PredictedScan[] = [];
  const grouping = { batch, shapes, multiple: network.model.sizeMultiple };
  for await (const group of equalBatches(loader.load(items, { size: shapes.size, labels: "none" }), grouping)) {
    const prediction = await predictor.run(group);
    const { scans } = prediction;
    if (scans === null) throw new Error("Cannot draw scans: the network takes none");
    const points = await pointLabels.label(prediction, group);
    all.push(...scansOf(group, await gpu.read(points, scans.winner, scans.places)));
  }
  return all;
}

/** The scans of a batch, from what was read of it: labels of points, winners and places. */
function scansOf(
  { samples, size, points: capacity = 0 }: SampleBatch,
  [labels = new Uint8Array(0), winnerBytes = new Uint8Array(0), placeBytes = new Uint8Array(0)]: readonly Uint8Array<
    ArrayBuffer
  >[],
): PredictedScan[] {
  const winners = new Uint32Array(winnerBytes.buffer);
  const places = new Uint32Array(placeBytes.buffer);
  const pixels = size.height * size.width;
  return samples.map(({ image }, index) => ({
    scan: sheetScan(image, size, {
      winners: winners.subarray(index * pixels, (index + 1) * pixels),
      places: places.subarray(2 * index * capacity, 2 * (index + 1) * capacity),
    }),
    labels: labels.subarray(index * capacity, index * capacity + image.height),
  }));
}
