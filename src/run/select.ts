/**
 * The selection of pseudo-labels from probability maps or logits in files, to label files and `thresholds.json`.
 *
 * @module
 */

import { basename, join } from "node:path";
import { encodeLabelPng } from "../data/encode.ts";
import { distinctNames, withoutRepeats } from "../data/result_names.ts";
import { UsageError } from "../errors.ts";
import { writeNpy } from "../formats/npy.ts";
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
  /** Files of `[N, C, H, W]` or `[C, H, W]` floats, which may differ in size. */
  readonly maps: readonly string[];
  /** What the files hold. */
  readonly kind: MapKind;
  /** File of `[C, H, W]` floats, at any resolution. */
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
 * `soft.npy` `[N, C, H, W]`, or where the maps differ in size `<name>.soft.npy` `[C, H, W]` of each. A file that is given
 * twice counts once.
 *
 * @throws {UsageError} if two images would be written to the same file, or images of several sizes to one array.
 */
export async function select(gpu: Gpu, options: SelectOptions): Promise<SelectReport> {
  const files: NpyFile[] = [];
  using _close = { [Symbol.dispose]: () => files.forEach((file) => file[Symbol.dispose]()) };
  for (const path of withoutRepeats(options.maps, (path) => path)) files.push(new NpyFile(path));
  using maps = ProbabilityMaps.open(gpu, files, options.kind, options.prior);
  if (options.format === "npy") requireOneSize(maps);
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
  const { classes, size } = maps;
  const path = (name: string) => join(out, name);
  /** One array for all images, which have one size. */
  const arrayOf = (name: string, channels: readonly number[], dtype: "u1" | "f4") =>
    size === null ? null : new NpyWriter(path(name), [maps.images.length, ...channels, size.height, size.width], dtype);
  const isSoft = policy === "lrent";
  using labelFile = format === "npy" ? arrayOf("labels.npy", [], "u1") : null;
  using softFile = isSoft ? arrayOf("soft.npy", [classes], "f4") : null;
  let image = 0;
  let total = noLabels(classes);
  const write = ({ labels, counts, height, width }: LabelledBatch, soft?: Float32Array<ArrayBuffer>) => {
    total = addCounts(total, counts);
    labelFile?.append(labels);
    if (soft !== undefined) softFile?.append(soft);
    const name = names[image++];
    if (name === undefined) return;
    writeFileSafely(path(`${name}.png`), encodeLabelPng(labels, height, width));
    if (soft !== undefined && softFile === null) {
      writeFileSafely(path(`${name}.soft.npy`), writeNpy([classes, height, width], soft));
    }
  };
  if (isSoft) {
    for await (const batch of assignSoftLabels(gpu, maps.source, maps.scores, lambda, alpha)) write(batch, batch.soft);
  } else {
    for await (const batch of assignLabels(gpu, maps.source, maps.scores, lambda)) write(batch);
  }
  labelFile?.finish();
  softFile?.finish();
  return total;
}

/** @throws {UsageError} naming two images of different sizes. */
function requireOneSize({ images }: ProbabilityMaps): void {
  const [first] = images;
  const other = images.find(({ height, width }) => height !== first?.height || width !== first.width);
  if (first === undefined || other === undefined) return;
  throw new UsageError(
    `Labels of several sizes do not fit into one labels.npy: the maps of ${first.file.path} are ` +
      `${first.height}×${first.width}, those of ${other.file.path} ${other.height}×${other.width}. Pass --format png`,
  );
}

/**
 * What the results of the images are called: as the maps' file and, if that holds several images, with the image's index,
 * padded to equal width. Files of one name keep their folders.
 */
function labelNames(images: readonly MapImage[]): string[] {
  const files = [...new Set(images.map(({ file: { path } }) => path))];
  const titles = files.map((path) => ({ path, title: basename(path).replace(/\.npy$/i, "") }));
  const nameOf = new Map(distinctNames(titles).map((name, index) => [files[index], name]));
  const names = images.map(({ file: { path }, index, count }) => {
    const name = nameOf.get(path) ?? path;
    return count === 1 ? name : `${name}_${String(index).padStart(String(count - 1).length, "0")}`;
  });
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) {
    throw new UsageError(`Two images would be written to ${twice}.png. Rename a file, or pass --format npy`);
  }
  return names;
}
