/**
 * Looks at all files of a data set before a run begins: it reads the headers, notices what cannot be used, and takes a
 * digest of the contents. Workers do it, which read the files themselves.
 *
 * @module
 */

import type { FileItem } from "../data/file_item.ts";
import { formatSize, type Size } from "../data/size.ts";
import { defaultWorkers, WorkerPool } from "../data/worker_pool.ts";
import type { Progress } from "../selftraining/progress.ts";
import { digestOfTexts } from "./file_digest.ts";
import type { InspectedFile, InspectedFiles, InspectionWork } from "./inspection_worker.ts";

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
  /** The images that cannot be used. */
  readonly leftOut: LeftOut[];
}

/** An image that cannot be used, by itself or because of its labels. */
export interface LeftOut {
  /** The image file. */
  readonly path: string;
  /** The sentence that says why. It names the file. */
  readonly reason: string;
  /** Whether the image has labels. */
  readonly hasLabels: boolean;
}

/** How a split is looked at. */
export interface InspectionOptions {
  /** What the split is called in the bar, such as `source images`. */
  readonly name: string;
  /** Where the bar is shown. */
  readonly progress: Progress;
  /** Number of Workers. Default: as for decoding. */
  readonly workers?: number;
}

/** Images that a Worker looks at in one piece of work. */
const together = 16;

/** Looks at the files of images. Nothing is refused here: see {@link requireUsable}. */
export async function inspectItems(items: readonly FileItem[], options: InspectionOptions): Promise<InspectedSplit> {
  const found = await inspectFiles(items, options);
  const split: InspectedSplit & { digest: string } = {
    items: [],
    sizes: [],
    labelSizes: [],
    digests: [],
    digest: "",
    leftOut: [],
  };
  for (const [index, item] of items.entries()) {
    const files = found[index];
    if (files === undefined) throw new Error(`${item.imagePath} was not looked at`);
    add(split, item, files);
  }
  return { ...split, digest: digestOfTexts(split.digests) };
}

/** Files of all images, in their order. */
async function inspectFiles(items: readonly FileItem[], options: InspectionOptions): Promise<InspectedFiles[]> {
  const { name, progress, workers = defaultWorkers() } = options;
  const pool = new WorkerPool<InspectionWork, InspectedFiles[]>(
    () => new Worker(new URL("./inspection_worker.ts", import.meta.url), { type: "module" }),
    Math.min(workers, Math.ceil(items.length / together)),
    { action: "check images", owner: "inspection", worker: "checking worker" },
  );
  const bar = progress.stage(`checking ${name}`, items.length, { unit: "images", perStep: 1 });
  let done = 0;
  const inspect = async (part: readonly FileItem[]) => {
    const files = part.map(({ imagePath, labelPath }) => ({ image: imagePath, labels: labelPath }));
    const found = await pool.run({ files }, [], part[0]?.imagePath);
    done += part.length;
    bar.update(done);
    return found;
  };
  try {
    const parts = Array.from(
      { length: Math.ceil(items.length / together) },
      (_, index) => inspect(items.slice(index * together, (index + 1) * together)),
    );
    return (await Promise.all(parts)).flat();
  } finally {
    bar.end();
    pool.close();
  }
}

function add(split: InspectedSplit, item: FileItem, { image, labels }: InspectedFiles): void {
  const reason = problemOf(item, image, labels);
  if (reason !== null || typeof image === "string" || typeof labels === "string") {
    split.leftOut.push({ path: item.imagePath, reason: reason ?? "", hasLabels: item.labelPath !== null });
    return;
  }
  split.items.push(item);
  split.sizes.push(image.size);
  split.labelSizes.push(labels?.size ?? null);
  split.digests.push(digestOfTexts([item.name, image.digest, labels?.digest ?? ""]));
}

/** Why an image cannot be used; `null` if it can. */
function problemOf(
  { imagePath, labelPath }: FileItem,
  image: InspectedFile | string,
  labels: InspectedFile | string | null,
): string | null {
  if (typeof image === "string") return image;
  if (labels === null || typeof labels === "string") return labels;
  if (formatSize(image.size) === formatSize(labels.size)) return null;
  return `The image ${imagePath} is ${formatSize(image.size)}, its labels ${labelPath} are ${
    formatSize(labels.size)
  } pixels. Both must have the same size`;
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
  if (broken.length > 0) {
    throw new Error(`${countText(broken.length)} with labels cannot be used:\n${listText(broken)}`);
  }
  progress.warn(`${countText(all.size)} cannot be used and will be left out:\n${listText([...all.values()])}`);
  for (const { items, leftOut } of splits) {
    const [first] = leftOut;
    if (items.length > 0 || first === undefined) continue;
    throw new Error(`No image is left of the split of ${first.path}: none can be used`);
  }
}

function countText(count: number): string {
  return count === 1 ? "1 image" : `${count} images`;
}

function listText(problems: readonly LeftOut[]): string {
  const lines = problems.slice(0, listed).map(({ reason }) => `  ${reason}`);
  const others = problems.length - listed;
  return [...lines, ...(others > 0 ? [`  and ${others} more`] : [])].join("\n");
}
