/**
 * The labels that lie beside a LiDAR scan, where only the path of the scan is given.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { idTable } from "../data/class_map.ts";
import type { Colour } from "../data/encode.ts";
import { openDataset } from "../data/folder.ts";
import { labelSet } from "../data/label_sets.ts";
import { decodeScanLabels, withoutScanEnding } from "../data/scans/read_scan.ts";
import { readFile } from "../disk/files.ts";

/** Labels of the points of a scan. */
export interface LabelsBeside {
  /** The class of each point; 255 where it is ignored. */
  readonly labels: Uint8Array;
  /** A colour per class. */
  readonly palette: readonly Colour[];
}

/** Finds the labels of scans. It keeps the tables of a data set of nuScenes that it has read. */
export class LabelFinder {
  /** Files of labels by the full path of the scan, of each folder of nuScenes that was asked for. */
  readonly #nuscenes = new Map<string, ReadonlyMap<string, string>>();

  /**
   * The file with a scan's labels: `F.label` or `F_lidarseg.bin` in its folder, `F.label` in the folder `labels` or
   * `scribbles` beside the folder `velodyne`, or what the tables of nuScenes say. `null` where there is none.
   */
  pathOf(scan: string): string | null {
    const place = resolve(scan);
    const folder = dirname(place);
    const stem = withoutScanEnding(basename(place));
    const besides = basename(folder) === "velodyne"
      ? ["labels", "scribbles"].map((name) => join(dirname(folder), name, `${stem}.label`))
      : [];
    const found = [join(folder, `${stem}.label`), join(folder, `${stem}_lidarseg.bin`), ...besides].find(existsSync);
    return found ?? this.#ofTables(place);
  }

  #ofTables(place: string): string | null {
    const folder = dirname(place);
    if (basename(folder) !== "LIDAR_TOP" || basename(dirname(folder)) !== "samples") return null;
    const root = dirname(dirname(folder));
    const known = this.#nuscenes.get(root) ?? tablesOf(root);
    this.#nuscenes.set(root, known);
    return known.get(place) ?? null;
  }
}

/** The files of labels of nuScenes by the full paths of their scans; none where the tables cannot be used. */
function tablesOf(root: string): ReadonlyMap<string, string> {
  try {
    const dataset = openDataset(root, { layout: "nuscenes" });
    const items = dataset.splitNames().flatMap((split) => dataset.split(split).items);
    return new Map(
      items.flatMap(({ imagePath, labelPath }) => labelPath === null ? [] : [[resolve(imagePath), labelPath]]),
    );
  } catch {
    // Whoever projects scans need not have the data set around them.
    return new Map();
  }
}

/**
 * Reads labels: `.label` files hold the ids of SemanticKITTI, others those of nuScenes.
 *
 * @throws {Error} where the file is broken, there are fewer or more labels than `points`, or an id is unknown.
 */
export function readLabelsBeside(path: string, points: number): LabelsBeside {
  const [name, encoding] = /\.label$/i.test(path)
    ? ["semantickitti-19", "semantickitti"] as const
    : ["nuscenes-16", "nuscenes"] as const;
  const { ids, palette } = labelSet(name);
  const { labels } = decodeScanLabels(readFile(path), path, idTable(ids.get(encoding) ?? new Map()), points);
  return { labels, palette };
}
