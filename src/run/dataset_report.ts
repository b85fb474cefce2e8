/**
 * What a data set is, and what cannot be used in it: every image is decoded, every label file too.
 *
 * @module
 */

import { readdirSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { IGNORE_LABEL } from "../data/class_map.ts";
import type { Dataset, Split } from "../data/dataset.ts";
import type { FileItem } from "../data/file_item.ts";
import { openDataset } from "../data/folder.ts";
import { isFolder } from "../data/image_files.ts";
import type { LayoutName } from "../data/layouts/names.ts";
import { errorText } from "../errors.ts";
import type { Progress } from "../selftraining/progress.ts";
import { type InspectedSplit, inspectItems } from "./inspection.ts";

/** A split in a report. */
export interface SplitReport {
  /** Its images, those that cannot be used among them. */
  readonly images: number;
  /** Those of them that have a label file. */
  readonly labelled: number;
  /** How many of the images that can be read have each size, height first: `{"1024x2048": 500}`. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** A split of LiDAR scans in a report. Its `sizes` are those of the range images that its sensor has. */
export interface ScanSplitReport extends SplitReport, PointCounts {
  /** Points that the projection drops: at the sensor or not finite. */
  readonly droppedPoints: number;
  /** The points of the smallest and of the largest scan. */
  readonly pointsOfScan: { readonly fewest: number; readonly most: number };
}

/** The points of scans that can be read. */
export interface PointCounts {
  /** All of them. */
  readonly points: number;
  /** Those with a label of a class. */
  readonly labelledPoints: number;
}

/** Something that cannot be used. */
export interface DatasetProblem {
  /** The file, from the data set's folder. */
  readonly file: string;
  /** A sentence. */
  readonly problem: string;
}

/** What a data set is. */
export interface DatasetReport extends Partial<PointCounts> {
  readonly layout: LayoutName;
  readonly splits: Readonly<Record<string, SplitReport | ScanSplitReport>>;
  /** Names of the classes in id order; empty where the folder says none. */
  readonly classes: readonly string[];
  /** The pixels of each class in all labels that can be used. */
  readonly histogram: Readonly<Record<string, number>>;
  /** The ignored pixels in them. */
  readonly ignored: number;
  readonly problems: readonly DatasetProblem[];
}

/** A data set that was looked at. */
export interface ReportedDataset {
  readonly dataset: Dataset;
  readonly report: DatasetReport;
  /** The images of each split that can be used. */
  readonly usable: ReadonlyMap<string, readonly FileItem[]>;
  /** Sentences on what was found and is not used. */
  readonly notices: readonly string[];
}

/** How a data set is looked at. */
export interface ReportOptions {
  /** Its layout. Default: as its folder tells. */
  readonly layout?: LayoutName | undefined;
  /** How many pixels the header of a file may claim. Default: as for decoding. */
  readonly maxPixels?: number | undefined;
  /** Where bars are shown. */
  readonly progress: Progress;
}

/**
 * Looks at a data set.
 *
 * @throws {Error} where there is no such folder, no layout is known of it, or its `dataset.json` is wrong.
 */
export async function reportOn(path: string, { layout, maxPixels, progress }: ReportOptions): Promise<ReportedDataset> {
  const dataset = openDataset(path, { layout, classes: { classes: [], palette: [] } });
  const splits: Record<string, SplitReport | ScanSplitReport> = {};
  const usable = new Map<string, readonly FileItem[]>();
  const notices = new Set<string>();
  const problems: DatasetProblem[] = [];
  const listed: Split[] = [];
  const counts = new Float64Array(256);
  const root = isFolder(path) ? path : dirname(path);
  const within = (file: string) => relative(root, file).replaceAll(sep, "/");
  for (const name of namesOf(dataset)) {
    const split = opened(dataset, name);
    if (typeof split === "string") {
      splits[name] = { images: 0, labelled: 0, sizes: {} };
      problems.push({ file: name, problem: split });
      continue;
    }
    listed.push(split);
    for (const notice of split.notices) notices.add(notice);
    const options = { name: `split ${name}`, progress, maxPixels, decodes: true };
    const inspected = await inspectItems(split.items, options);
    inspected.classCounts.forEach((count, id) => counts[id] = (counts[id] ?? 0) + count);
    splits[name] = splitReport(split, inspected);
    usable.set(name, inspected.items);
    problems.push(...inspected.leftOut.map(({ file, problem }) => ({ file: within(file), problem })));
    problems.push(...missingLabels(split).map(({ file, problem }) => ({ file: within(file), problem })));
  }
  // A list chooses among the files of its folders. And the labels may be those of a split that cannot be listed.
  const isWhole = dataset.layout !== "list" && listed.length === Object.keys(splits).length;
  const lone = isWhole ? loneLabels(listed) : [];
  problems.push(...lone.map(({ file, problem }) => ({ file: within(file), problem })));
  const { classes } = dataset;
  const report = {
    layout: dataset.layout,
    splits,
    classes,
    histogram: Object.fromEntries(classes.map((name, id) => [name, counts[id] ?? 0])),
    ignored: classes.length === 0 ? 0 : counts[IGNORE_LABEL] ?? 0,
    ...totalPoints(splits),
    problems,
  };
  return { dataset, report, usable, notices: [...notices] };
}

/** The names of the splits. In a folder of photographs without splits, all images are `train`. */
function namesOf(dataset: Dataset): string[] {
  const names = dataset.splitNames();
  if (dataset.layout !== "photos" || names.length < 2) return names;
  const all = dataset.split("train").items;
  const inOthers = names.filter((name) => name !== "train")
    .flatMap((name) => dataset.split(name).items.map(({ imagePath }) => imagePath));
  return inOthers.every((path) => all.some(({ imagePath }) => imagePath === path)) ? ["train"] : names;
}

/** A split, or the sentence that says why it cannot be listed. */
function opened(dataset: Dataset, name: string): Split | string {
  try {
    return dataset.split(name);
  } catch (error) {
    return errorText(error);
  }
}

function splitReport({ items }: Split, inspected: InspectedSplit): SplitReport | ScanSplitReport {
  const labelled = items.filter(({ labelPath }) => labelPath !== null).length;
  const images = items.length;
  const sensors = items.flatMap(({ sensor }) => sensor ?? []);
  if (sensors.length === 0) return { images, labelled, sizes: countSizes(inspected) };
  const { sizes, classCounts, droppedPoints } = inspected;
  const points = sizes.map(({ height }) => height);
  const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0);
  return {
    ...{ images, labelled },
    sizes: countSizes({ sizes: sensors.map(({ rows, columns }) => ({ height: rows, width: columns })), leftOut: [] }),
    points: sum(points),
    labelledPoints: sum(classCounts) - (classCounts[IGNORE_LABEL] ?? 0),
    droppedPoints,
    pointsOfScan: {
      fewest: points.reduce((fewest, count) => Math.min(fewest, count), points[0] ?? 0),
      most: points.reduce((most, count) => Math.max(most, count), 0),
    },
  };
}

/** The points in all splits; nothing where there are no scans. */
function totalPoints(splits: Readonly<Record<string, SplitReport | ScanSplitReport>>): Partial<PointCounts> {
  const ofScans = Object.values(splits).flatMap((split) => "points" in split ? [split] : []);
  if (ofScans.length === 0) return {};
  return {
    points: ofScans.reduce((sum, { points }) => sum + points, 0),
    labelledPoints: ofScans.reduce((sum, { labelledPoints }) => sum + labelledPoints, 0),
  };
}

function countSizes({ sizes, leftOut }: Pick<InspectedSplit, "sizes" | "leftOut">): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { height, width } of [...sizes, ...leftOut.flatMap(({ size }) => size ?? [])]) {
    const key = `${height}x${width}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** The images without labels of a split in which others have some. */
function missingLabels({ items }: Split): DatasetProblem[] {
  if (items.every(({ labelPath }) => labelPath === null)) return [];
  return items.filter(({ labelPath }) => labelPath === null).map(({ imagePath, sensor }) => {
    const what = sensor === undefined ? "image" : "scan";
    return { file: imagePath, problem: `The ${what} ${imagePath} has no labels` };
  });
}

/** The names of the label files in a folder: what they share with the names of their images, and what follows. */
interface LabelNames {
  readonly starts: Set<string>;
  readonly endings: Set<string>;
}

/**
 * The label files that belong to no image: those in the folders of the labels that end as the others do there. Other
 * files of an image, such as the instances beside its classes, are none.
 */
function loneLabels(splits: readonly Split[]): DatasetProblem[] {
  const known = new Set<string>();
  const folders = new Map<string, LabelNames>();
  for (const { imagePath, labelPath } of splits.flatMap(({ items }) => items)) {
    known.add(resolve(imagePath));
    if (labelPath === null) continue;
    known.add(resolve(labelPath));
    const folder = dirname(labelPath);
    const names = folders.get(folder) ?? { starts: new Set(), endings: new Set() };
    folders.set(folder, names);
    const label = basename(labelPath);
    const shared = sharedLength(basename(imagePath), label);
    names.starts.add(label.slice(0, shared));
    names.endings.add(label.slice(shared));
  }
  return [...folders].flatMap(([folder, names]) =>
    readdirSync(folder).sort().filter((name) => isLone(name, names)).map((name) => join(folder, name))
      .filter((file) => !known.has(resolve(file)))
      .map((file) => ({ file, problem: `The labels ${file} belong to no image` }))
  );
}

/** How many characters, before the ending, the names of an image and of its labels begin with alike. */
function sharedLength(image: string, label: string): number {
  let shared = 0;
  while (shared < image.length && image[shared] === label[shared] && label[shared] !== ".") shared++;
  return shared;
}

/** Whether a name ends as those of labels do, and does not begin as that of an image, as far as a separator. */
function isLone(name: string, { starts, endings }: LabelNames): boolean {
  if (name.startsWith(".") || ![...endings].some((ending) => name.endsWith(ending))) return false;
  return !Array.from(name, (_, length) => length).some((length) =>
    starts.has(name.slice(0, length)) && /[^\p{L}\p{N}]/u.test(name.slice(length - 1, length + 1))
  );
}
