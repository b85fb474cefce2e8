/**
 * What a Worker of the inspection finds out about a LiDAR scan: how many points it has, whether its file and that of its
 * labels are whole, and which ids the labels hold.
 *
 * @module
 */

import type { LabelTable } from "../data/class_map.ts";
import type { FileItem } from "../data/file_item.ts";
import { decodeScan, decodeScanLabels, scanLabelIds, scanPoints } from "../data/scans/read_scan.ts";
import type { ScanSensor } from "../data/scans/sensor.ts";
import type { Size } from "../data/size.ts";
import { readFile } from "../disk/files.ts";
import { countedFile } from "./checked_file.ts";

/** A scan's file. */
export interface InspectedScan {
  /** As many rows as points, one column. */
  readonly size: Size;
  readonly digest: string;
  /** Points that the projection drops: at the sensor or not finite. `null` if the points were not read. */
  readonly dropped: number | null;
}

/**
 * Looks at a scan.
 *
 * @param decodes whether its points are read too.
 * @throws {Error} where it cannot be read, or its length is that of no points.
 */
export function inspectScan(
  path: string,
  sensor: ScanSensor,
  { maxPixels, decodes }: { readonly maxPixels: number | undefined; readonly decodes: boolean },
): InspectedScan {
  const { length, digest } = countedFile(path);
  const height = scanPoints(length, path, { maxPixels });
  return { size: { height, width: 1 }, digest, dropped: decodes ? droppedPoints(path, sensor) : null };
}

function droppedPoints(path: string, sensor: ScanSensor): number {
  const { height, pixels } = decodeScan(readFile(path), path, sensor);
  const row = pixels.length / height;
  let dropped = 0;
  for (let start = 0; start < pixels.length; start += row) {
    const [x, y, z] = [pixels[start] ?? 0, pixels[start + 1] ?? 0, pixels[start + 2] ?? 0];
    const range = Math.hypot(x, y, z);
    if (!(range > 0 && range < Infinity) || Math.hypot(x, y) < sensor.nearest) dropped++;
  }
  return dropped;
}

/**
 * How many points have each id in a scan's labels, as the file means them.
 *
 * @throws {Error} where there are fewer or more labels than points, or an id has no class.
 */
export function countScanLabels(item: FileItem, path: string, points: number): Uint32Array {
  const bytes = readFile(path);
  const counts = new Uint32Array(65536);
  for (const id of scanLabelIds(bytes, path, points)) counts[id] = (counts[id] ?? 0) + 1;
  // It throws the sentence that names the id and its point.
  if (hasUnknown(counts, item.labelTable)) decodeScanLabels(bytes, path, item.labelTable, points);
  return counts.slice(0, item.labelTable.length);
}

function hasUnknown(counts: Uint32Array, table: LabelTable): boolean {
  return counts.some((count, id) => count > 0 && (table[id] ?? -1) < 0);
}
