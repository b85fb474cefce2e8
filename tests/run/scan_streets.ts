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

/** Writes `train` scans of sequence 00 and `val` scans of 08, with their labels. Those in the form of nuScenes have a ring. */
export function writeScanStreets(folder: string, train = 3, val = 2, form: "kitti" | "nuscenes" = "kitti"): void {
  for (const [sequence, scans] of [["00", madeScans("00", train)], ["08", madeScans("08", val)]] as const) {
    for (const [index, { image, labels }] of scans.entries()) {
      writeScan(folder, sequence, index, { image, labels }, form);
    }
  }
}

function writeScan(
  folder: string,
  sequence: string,
  index: number,
  { image: { pixels }, labels }: Pick<MemoryItem, "image" | "labels">,
  form: "kitti" | "nuscenes",
): void {
  const frame = String(index).padStart(6, "0");
  const place = join(folder, "sequences", sequence);
  const rows = form === "kitti" ? Float32Array.from(pixels) : withRings(pixels);
  writeAt(join(place, "velodyne", `${frame}${form === "kitti" ? "" : ".pcd"}.bin`), new Uint8Array(rows.buffer));
  writeAt(join(place, "labels", `${frame}.label`), labelBytes([...labels?.labels ?? []].map((id) => rawIds[id] ?? 0)));
}

/** The rows of a scan, four numbers a point, with a ring as nuScenes' points have. */
export function withRings(rows: ArrayLike<number>): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: rows.length / 4 * 5 }, (_, at) => {
    const point = Math.floor(at / 5);
    return at % 5 === 4 ? point % 32 : rows[4 * point + at % 5] ?? 0;
  });
}
