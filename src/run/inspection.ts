/**
 * Looks at all files of a data set before a run begins: it reads the headers, notices what cannot be used, and takes a
 * digest of the contents. Workers do it, which read the files themselves.
 *
 * @module
 */

import type { FileItem } from "../data/file_item.ts";
import { ReasonedError } from "../errors.ts";
import type { Size } from "../data/size.ts";
import { defaultWorkers, WorkerPool } from "../data/worker_pool.ts";
import { shown } from "../report/terminal.ts";
import type { Progress, StageProgress } from "../selftraining/progress.ts";
import { digestOfTexts } from "./file_digest.ts";
import type { ImageProblem, InspectedItem, InspectionWork } from "./inspection_worker.ts";
import type { StrayColour } from "./stray_colour.ts";

/** A split whose files were looked at. The lists of one length belong together. */
export interface InspectedSplit {
  /** The images that can be used, in the split's order. */
  readonly items: FileItem[];
  /** The size of each image, as it is shown: after it was turned as its EXIF orientation says. */
  readonly sizes: Size[];
  /** The size of each image's labels; `null` where it has none. */
  readonly labelSizes: (Size | null)[];
  /** A digest of each image: of its name, and of the contents of its file and of its label file. */
  readonly digests: string[];
  /** The digest of the split: of all of these, in their order. Where the files lie does not count. */
  readonly digest: string;
  /** The pixels of each id in the labels of all images, as the files mean them: 256 ids, or more where there are larger. */
  readonly idCounts: Float64Array;
  /** The pixels of each class in the labels of all images, and at {@link IGNORE_LABEL} those that are ignored. */
  readonly classCounts: Float64Array;
  /** Label files whose palette disagrees with the data set's. */
  readonly strayColours: readonly StrayFile[];
  /** The images that cannot be used. */
  readonly leftOut: LeftOut[];
  /** Points of scans that the projection drops; 0 if the points were not read. */
  readonly droppedPoints: number;
}

/** A label file whose palette disagrees with the data set's. */
export interface StrayFile extends StrayColour {
  /** The label file. */
  readonly path: string;
}

/** An image that cannot be used, by itself or because of its labels. */
export interface LeftOut extends ImageProblem {
  /** The image file. */
  readonly path: string;
  /** Whether the image has labels. */
  readonly hasLabels: boolean;
}

/** How a split is looked at. */
export interface InspectionOptions {
  /** What the split is called in the bar, such as `source images`. */
  readonly name: string;
  /** Where the bar is shown, if it takes more than a second. */
  readonly progress: Progress;
  /** How many pixels the header of a file may claim. Default: as for decoding. */
  readonly maxPixels?: number | undefined;
  /** Number of Workers. Default: as for decoding. */
  readonly workers?: number;
  /** Whether the pixels of images are decoded too, which finds all damage and takes time. Default `false`. */
  readonly decodes?: boolean;
}

/** Images that a Worker looks at in one piece of work. */
const together = 16;

/** Milliseconds after which a bar is shown. */
const barAfter = 1000;

/** Looks at the files of images. Nothing is refused here: see {@link requireUsable}. */
export async function inspectItems(items: readonly FileItem[], options: InspectionOptions): Promise<InspectedSplit> {
  const found = await inspectFiles(items, options);
  const usable = items.flatMap((item, index) => {
    const files = found[index];
    return files === undefined || "problem" in files ? [] : [{ item, ...files }];
  });
  const digests = usable.map(({ item, digest, labels }) => digestOfTexts([item.name, digest, labels?.digest ?? ""]));
  return {
    items: usable.map(({ item }) => item),
    sizes: usable.map(({ size }) => size),
    labelSizes: usable.map(({ labels }) => labels?.size ?? null),
    digests,
    digest: digestOfTexts(digests),
    idCounts: sums(usable.flatMap(({ labels }) => labels?.counts ?? [])),
    classCounts: classCounts(usable),
    strayColours: usable.flatMap(({ item: { labelPath }, labels }) =>
      labelPath === null || !labels?.stray ? [] : [{ path: labelPath, ...labels.stray }]
    ),
    droppedPoints: usable.reduce((sum, { droppedPoints }) => sum + (droppedPoints ?? 0), 0),
    leftOut: items.flatMap(({ imagePath, labelPath }, index) => {
      const files = found[index];
      if (files === undefined || !("problem" in files)) return [];
      return [{ ...files, path: imagePath, hasLabels: labelPath !== null }];
    }),
  };
}

/** What was found out about each image, in their order. */
async function inspectFiles(
  items: readonly FileItem[],
  options: InspectionOptions,
): Promise<(InspectedItem | ImageProblem)[]> {
  const { name, progress, maxPixels, workers = defaultWorkers(), decodes = false } = options;
  const parts = Math.ceil(items.length / together);
  const pool = new WorkerPool<InspectionWork, (InspectedItem | ImageProblem)[]>(
    () => new Worker(new URL("./inspection_worker.ts", import.meta.url), { type: "module" }),
    Math.min(workers, parts),
    { action: "check images", owner: "inspection", worker: "checking worker" },
  );
  const start = performance.now();
  const bars: StageProgress[] = [];
  let done = 0;
  const inspect = async (part: readonly FileItem[]) => {
    const found = await pool.run({ items: part, maxPixels, decodes }, [], part[0]?.imagePath);
    done += part.length;
    if (bars.length === 0 && done < items.length && performance.now() - start > barAfter) {
      bars.push(progress.stage(`checking ${name}`, items.length, { unit: "images", perStep: 1 }));
    }
    for (const bar of bars) bar.update(done);
    return found;
  };
  try {
    const all = Array.from(
      { length: parts },
      (_, part) => inspect(items.slice(part * together, (part + 1) * together)),
    );
    return (await Promise.all(all)).flat();
  } finally {
    for (const bar of bars) bar.end();
    pool.close();
  }
}

function sums(lists: readonly Uint32Array[]): Float64Array {
  const result = new Float64Array(Math.max(256, ...lists.map(({ length }) => length)));
  for (const counts of lists) counts.forEach((count, id) => result[id] = (result[id] ?? 0) + count);
  return result;
}

/** The pixels of each class. Each image has a table of its own. */
function classCounts(images: readonly { item: FileItem; labels: InspectedItem["labels"] }[]): Float64Array {
  const result = new Float64Array(256);
  for (const { item, labels } of images) {
    labels?.counts.forEach((count, id) => {
      const classId = item.labelTable[id] ?? -1;
      if (classId >= 0) result[classId] = (result[classId] ?? 0) + count;
    });
  }
  return result;
}

/** The most problems that are listed. */
const listed = 20;

/**
 * Decides about what was found unusable in splits. Unlabelled images are left out and listed. So are images with labels
 * if `skipsBroken`; else they are refused, all together.
 *
 * @throws {Error} listing the first twenty problems, and the number of others; or if a split has no image left.
 */
export function requireUsable(
  splits: readonly InspectedSplit[],
  { skipsBroken, progress }: { readonly skipsBroken: boolean; readonly progress: Progress },
): void {
  const all = new Map(splits.flatMap(({ leftOut }) => leftOut.map((one) => [one.path, one] as const)));
  if (all.size === 0) return;
  const broken = [...all.values()].filter(({ hasLabels }) => hasLabels && !skipsBroken);
  const [first] = broken;
  if (first !== undefined) {
    const message = broken.length === 1
      ? first.problem
      : `Images with labels cannot be used:\n${listText(broken)}\n  These are ${broken.length} images`;
    const isOfOne = first.reason !== undefined && broken.every(({ reason }) => reason === first.reason);
    throw new ReasonedError(message, isOfOne ? first.reason : "broken images");
  }
  progress.warn(`${countText(all.size)} cannot be used and will be left out:\n${listText([...all.values()])}`);
  for (const { items, leftOut } of splits) {
    const [one] = leftOut;
    if (items.length > 0 || one === undefined) continue;
    throw new Error(`None of the ${leftOut.length} images beside ${one.path} can be used`);
  }
}

function countText(count: number): string {
  return count === 1 ? "1 image" : `${count} images`;
}

function listText(problems: readonly LeftOut[]): string {
  const lines = problems.slice(0, listed).map(({ problem }) => `  ${shown(problem)}`);
  const others = problems.length - listed;
  return [...lines, ...(others > 0 ? [`  and ${others} more`] : [])].join("\n");
}
