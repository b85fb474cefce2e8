/**
 * The files that `crosswalk predict` writes for an image or a LiDAR scan.
 *
 * @module
 */

import { join, resolve } from "node:path";
import type { FileItem } from "../data/file_item.ts";
import { foldersBelow } from "../data/result_names.ts";
import { scanLabelPath } from "../data/scans/write_labels.ts";
import { UsageError } from "../errors.ts";

/** Paths of the results for an image. */
export interface PredictedFiles {
  /** The labels: an indexed PNG, of a scan a file with a number for each point. */
  readonly labels: string;
  /** The picture: the labels over the image, of a scan its range image and its points from above. */
  readonly picture: string;
  /** The logits. */
  readonly logits: string;
  /** The probabilities. */
  readonly probabilities: string;
}

/** What is known of an image that is to be labelled. */
type GivenItem = Pick<FileItem, "name" | "imagePath" | "sensor" | "token">;

/**
 * Where the results for each image are written in the folder `out`, by the image's name.
 *
 * @throws {UsageError} naming a file that would be written over an image, or over another result.
 */
export function predictedFiles(items: readonly GivenItem[], out: string): ReadonlyMap<string, PredictedFiles> {
  const labelPaths = scanLabelPaths(items);
  const files = new Map(items.map((item) => [item.name, filesOf(item, out, labelPaths.get(item.name))]));
  requireFreeFiles(items, files);
  return files;
}

function filesOf({ name }: GivenItem, out: string, labelPath: string | undefined): PredictedFiles {
  const labels = join(out, labelPath ?? `${name}.png`);
  const base = labelPath === undefined ? join(out, name) : labels.replace(/(\.label|_lidarseg\.bin)$/, "");
  return {
    ...{ labels, picture: labelPath === undefined ? `${base}_overlay.png` : `${base}.png` },
    ...{ logits: `${base}.npy`, probabilities: `${base}.probabilities.npy` },
  };
}

/**
 * The label file of each scan, by the scan's name, from the folder of all. Scans of two data sets that would have the
 * same one keep their data set's folders below the deepest folder that holds all scans.
 */
function scanLabelPaths(items: readonly GivenItem[]): ReadonlyMap<string, string> {
  const scans = items.filter(({ sensor }) => sensor !== undefined).map(({ name, imagePath, token }) => {
    return { name, imagePath: resolve(imagePath), ...(token === undefined ? {} : { token }) };
  });
  const counts = new Map<string, number>();
  for (const scan of scans) counts.set(scanLabelPath(scan), (counts.get(scanLabelPath(scan)) ?? 0) + 1);
  const folders = foldersBelow(scans.map(({ imagePath }) => imagePath));
  return new Map(scans.map((scan) => {
    const path = scanLabelPath(scan);
    if (counts.get(path) === 1) return [scan.name, path];
    const dataset = folders(scan.imagePath).replace(/(^|\/)sequences\/[^/]+\/velodyne$/, "");
    return [scan.name, dataset === "" ? path : `${dataset}/${path}`];
  }));
}

function requireFreeFiles(items: readonly GivenItem[], files: ReadonlyMap<string, PredictedFiles>): void {
  const inputs = new Set(items.map(({ imagePath }) => resolve(imagePath)));
  const outputs = new Set<string>();
  for (const path of [...files.values()].flatMap((one) => Object.values(one))) {
    if (inputs.has(resolve(path))) {
      throw new UsageError(`The results would be written over the image ${path}. Choose another folder with --out`);
    }
    if (outputs.has(path)) {
      throw new UsageError(
        `Two results would be written to ${path}. Rename an image, or label them one after the other`,
      );
    }
    outputs.add(path);
  }
}
