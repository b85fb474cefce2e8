/**
 * Where the images and labels of each split lie in a folder. Three forms are known: `<split>/images`, a single folder
 * `images`, and images anywhere. The latter two are one split, `train`. Labels lie in `labels` or `masks` beside
 * `images`.
 *
 * @module
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { byteOrder, endingsText, isFolder, labelFolders, leftOutText, listImages } from "../image_files.ts";

/** The folders of a split. */
export interface SplitFolders {
  /** The folder of the images. */
  readonly images: string;
  /** The folder of the labels; `null` if there is none. */
  readonly labels: string | null;
}

/** The name of the only split of a folder without splits. */
export const onlySplit = "train";

/** Whether there is a folder `<split>/images`. */
export function hasNamedSplits(path: string): boolean {
  return readdirSync(path).some((name) => isFolder(join(path, name, "images")));
}

/** Whether there is a folder `<split>/images` or `images`. */
export function hasImageFolder(path: string): boolean {
  return isFolder(join(path, "images")) || hasNamedSplits(path);
}

/** The splits of a folder, in byte order of their names. */
export function findSplits(path: string): Map<string, SplitFolders> {
  const names = byteOrder(readdirSync(path).filter((name) => isFolder(join(path, name, "images"))));
  if (names.length > 0) return new Map(names.map((name) => [name, foldersIn(join(path, name))]));
  if (isFolder(join(path, "images"))) return new Map([[onlySplit, foldersIn(path)]]);
  return listImages(path).images.length === 0 ? new Map() : new Map([[onlySplit, { images: path, labels: null }]]);
}

function foldersIn(path: string): SplitFolders {
  const labels = labelFolders.map((name) => join(path, name)).find(isFolder);
  return { images: join(path, "images"), labels: labels ?? null };
}

/**
 * The folders of one split.
 *
 * @throws {Error} naming the splits that there are.
 */
export function splitFoldersOf(path: string, split: string): SplitFolders {
  const splits = findSplits(path);
  const found = splits.get(split);
  if (found !== undefined) return found;
  const list = splits.size === 0
    ? "It has none: images belong in <split>/images"
    : `It has: ${[...splits.keys()].join(", ")}`;
  throw new Error(`The data set ${path} has no split "${split}". ${list}`);
}

/**
 * The images of a split as paths from its folder of images, and a sentence on the files that are left out.
 *
 * @throws {Error} if there is no image.
 */
export function splitImages(path: string, split: string, { images: folder }: SplitFolders) {
  const { images, others } = listImages(folder);
  // A description or a note in the folder of photographs itself is no image that someone misses.
  const notices = leftOutText(folder, others.filter((name) => name !== "dataset.json"));
  if (images.length > 0) return { images, notices };
  const found = others.length === 0 ? "" : `. It holds ${others.length} files of other kinds, such as ${others[0]}`;
  throw new Error(
    `The split "${split}" of ${path} is empty: there is no image file in ${folder}, ${endingsText}${found}`,
  );
}
