/**
 * A small data set of made scans, as SemanticKITTI's files lie.
 *
 * @module
 */

import { join } from "node:path";
import type { MemoryItem } from "../../mod.ts";
import { labelBytes, writeAt } from "../data/scans/made_scans.ts";
import { madeScans } from "../selftraining/made_scans.ts";

/** The raw ids of the made scans' classes: road, building, pole. */
export const rawIds = [40, 50, 80];

/** Writes `train` scans of sequence 00 and `val` scans of 08, with their labels. */
export function writeScanStreets(folder: string, train = 3, val = 2): void {
  for (const [sequence, scans] of [["00", madeScans("00", train)], ["08", madeScans("08", val)]] as const) {
    for (const [index, { image, labels }] of scans.entries()) writeScan(folder, sequence, index, image, labels);
  }
}

function writeScan(
  folder: string,
  sequence: string,
  index: number,
  { pixels: { buffer } }: MemoryItem["image"],
  labels: MemoryItem["labels"],
): void {
  const frame = String(index).padStart(6, "0");
  const place = join(folder, "sequences", sequence);
  writeAt(join(place, "velodyne", `${frame}.bin`), new Uint8Array(buffer));
  writeAt(join(place, "labels", `${frame}.label`), labelBytes([...labels?.labels ?? []].map((id) => rawIds[id] ?? 0)));
}
