/**
 * The files that `crosswalk predict` writes for an image or a LiDAR scan.
 *
 * @module
 */

import { join, resolve } from "node:path";
import type { FileItem } from "../data/file_item.ts";
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

/** Where the results for an image are written in the folder `out`. */
export function predictedFiles(
  item: Pick<FileItem, "name" | "imagePath" | "sensor" | "token">,
  out: string,
): PredictedFiles {
  const { name, imagePath, sensor, token } = item;
  if (sensor === undefined) {
    const base = join(out, name);
    return {
      ...{ labels: `${base}.png`, picture: `${base}_overlay.png`, logits: `${base}.npy` },
      probabilities: `${base}.probabilities.npy`,
    };
  }
  const scan = { name, imagePath: resolve(imagePath), ...(token === undefined ? {} : { token }) };
  const labels = join(out, scanLabelPath(scan));
  const base = labels.replace(/(\.label|_lidarseg\.bin)$/, "");
  return {
    ...{ labels, picture: `${base}.png`, logits: `${base}.npy` },
    probabilities: `${base}.probabilities.npy`,
  };
}

/**
 * Makes sure that no result overwrites an image that is to be labelled, or another result.
 *
 * @throws {UsageError} naming the file.
 */
export function requireFreeFiles(items: readonly FileItem[], out: string): void {
  const inputs = new Set(items.map(({ imagePath }) => resolve(imagePath)));
  const outputs = new Set<string>();
  for (const item of items) {
    for (const path of Object.values(predictedFiles(item, out))) {
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
}
