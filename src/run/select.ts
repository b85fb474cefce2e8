/**
 * The selection of pseudo-labels from probability maps or logits in files, to label files and `thresholds.json`.
 *
 * @module
 */

import { basename, join } from "node:path";
import { encodeLabelPng } from "../data/encode.ts";
import { UsageError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { addCounts, type LabelCounts, noLabels } from "../selftraining/label_counts.ts";
import { assignLabels, type LabelledBatch, selectThresholds } from "../selftraining/selection.ts";
import { assignSoftLabels } from "../selftraining/soft_labels.ts";
import { type SelectionSettings, type ThresholdsReport, thresholdsReport } from "../selftraining/thresholds.ts";
import { writeFileSafely } from "../disk/files.ts";
import { NpyFile, NpyWriter } from "../disk/npy_files.ts";
import { type MapImage, type MapKind, ProbabilityMaps } from "./probability_maps.ts";

/** What to select from, how to select, and where to write the labels. */
export interface SelectOptions extends SelectionSettings {
  /** Files of `[N, C, H, W]` or `[C, H, W]` floats. */
  readonly maps: readonly string[];
  /** What the files hold. */
  readonly kind: MapKind;
  /** File of `[C, H, W]` floats. */
  readonly prior?: string;
  /** Weight of the label entropy; only for `lrent`. */
  readonly alpha: number;
  readonly out: string;
  /** A label PNG per image, or one `labels.npy`. */
  readonly format: "png" | "npy";
}

/** What `thresholds.json` holds. It has `alpha` for `lrent`, and `mine` for the others. */
export type SelectReport =
  & Omit<ThresholdsReport, "mine">
  & Partial<Pick<ThresholdsReport, "mine">>
  & { alpha?: number };

/**
 * Selects pseudo-labels and writes into the folder: the labels (255 = ignored), `thresholds.json` and, for `lrent`,
 * `soft.npy` `[N, C, H, W]`.
 *
 * @throws {UsageError} if two images would be written to the same file.
 */
export async function select(gpu: Gpu, options: SelectOptions): Promise<SelectReport> {
  const files: NpyFile[] = [];
  using _close = { [Symbol.dispose]: () => files.forEach((file) => file[Symbol.dispose]()) };
  const open = (path: string) => {
    const file = new NpyFile(path);
    files.push(file);
    return file;
  };
  const sources = options.maps.map((path) => open(path));
  const prior = options.prior === undefined ? null : open(options.prior);
  using maps = await ProbabilityMaps.open(gpu, sources, options.kind, prior);
  const names = options.format === "png" ? labelNames(maps.images) : [];
  const thresholds = await selectThresholds(gpu, maps.source, maps.scores, options);
  const counts = await writeLabels(gpu, maps, names, thresholds.lambda, options);
  const { mine, ...rest } = thresholdsReport(thresholds, counts);
  const result: SelectReport = options.policy === "lrent" ? { ...rest, alpha: options.alpha } : { ...rest, mine };
  writeFileSafely(join(options.out, "thresholds.json"), `${JSON.stringify(result, null, 1)}\n`);
  return result;
}

/** Labels the images and writes their labels. Returns how many pixels got each label. */
async function writeLabels(
  gpu: Gpu,
  maps: ProbabilityMaps,
  names: readonly string[],
  lambda: Float32Array<ArrayBuffer>,
  { policy, alpha, out, format }: SelectOptions,
): Promise<LabelCounts> {
  const { classes, height, width } = maps;
  const count = maps.images.length;
  const path = (name: string) => join(out, name);
  using labelFile = format === "npy" ? new NpyWriter(path("labels.npy"), [count, height, width], "u1") : null;
  using softFile = policy === "lrent" ? new NpyWriter(path("soft.npy"), [count, classes, height, width], "f4") : null;
  let image = 0;
  let total = noLabels(classes);
  const write = ({ labels, counts }: LabelledBatch) => {
    total = addCounts(total, counts);
    labelFile?.append(labels);
    const name = names[image++];
    if (name !== undefined) writeFileSafely(path(name), encodeLabelPng(labels, height, width));
  };
  if (softFile === null) {
    for await (const batch of assignLabels(gpu, maps.source, maps.scores, lambda)) write(batch);
  } else {
    for await (const batch of assignSoftLabels(gpu, maps.source, maps.scores, lambda, alpha)) {
      softFile.append(batch.soft);
      write(batch);
    }
  }
  labelFile?.finish();
  softFile?.finish();
  return total;
}

/**
 * The names of the label files: the name of the maps' file and, if that holds several images, the image's index, padded
 * to equal width.
 */
function labelNames(images: readonly MapImage[]): string[] {
  const names = images.map(({ file, index, count }) => {
    const stem = basename(file.path).replace(/\.npy$/i, "");
    return count === 1 ? `${stem}.png` : `${stem}_${String(index).padStart(String(count - 1).length, "0")}.png`;
  });
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) {
    throw new UsageError(`Two images would be written to ${twice}. Rename a file, or pass --format npy`);
  }
  return names;
}
