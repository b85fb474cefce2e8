/**
 * Writes the predicted labels of the points of a LiDAR scan, and a picture of them.
 *
 * @module
 */

import { encodeRgbPng } from "../data/encode.ts";
import type { Sample } from "../data/sample.ts";
import { encodeScanLabels, type RawIdsOfClasses } from "../data/scans/write_labels.ts";
import { writeFileSafely } from "../disk/files.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { drawScanSheet, sheetScan } from "../report/scan_sheet.ts";
import type { LegendEntry } from "../report/strip.ts";
import type { SampleBatch } from "../selftraining/inference.ts";
import type { Prediction } from "../selftraining/prediction.ts";
import type { PredictedFiles } from "./predicted_files.ts";

/** What is written of a scan. */
export interface ScanResults {
  /** The batch of this scan alone. */
  readonly group: SampleBatch;
  /** The scan. */
  readonly sample: Sample;
  /** The classes of the labels. */
  readonly legend: readonly LegendEntry[];
  /** What the classes are in label files. */
  readonly rawIds: RawIdsOfClasses;
  /** Where to. */
  readonly files: PredictedFiles;
}

/**
 * Writes the label file and the picture. What it reads of the GPU is asked for before it returns, as the next prediction
 * overwrites it. Resolves to the path of the label file.
 *
 * @param points the labels of the points.
 */
export async function writeScanResults(
  gpu: Gpu,
  { scans }: Prediction,
  points: BufferRange,
  { group: { size }, sample: { name, image }, legend, rawIds, files }: ScanResults,
): Promise<string> {
  if (scans === null) throw new Error(`Cannot write the labels of the points of ${name}: it is no LiDAR scan`);
  const [found = new Uint8Array(0), winners = new Uint8Array(0), places = new Uint8Array(0)] = await gpu.read(
    ...[points, scans.winner, scans.places],
  );
  const labels = found.slice(0, image.height);
  writeFileSafely(files.labels, encodeScanLabels(labels, rawIds, files.labels));
  const sheet = drawScanSheet(
    sheetScan(image, size, { winners: new Uint32Array(winners.buffer), places: new Uint32Array(places.buffer) }),
    [{ title: "labels", labels }],
    legend,
  );
  writeFileSafely(files.picture, encodeRgbPng(sheet.pixels, sheet.height, sheet.width));
  return files.labels;
}
