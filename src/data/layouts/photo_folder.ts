/**
 * A folder of images that says nothing of classes: photographs to adapt to. They may lie in folders in it.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { byteOrder, imageTitles } from "../image_files.ts";
import type { Layout, ListedItems } from "./layout.ts";
import { findSplits, onlySplit, type SplitFolders, splitFoldersOf, splitImages } from "./parts.ts";

/** Images without `dataset.json`. */
export const photoFolder: Layout = {
  name: "photos",
  recognises: (path) => findSplits(path).size > 0,
  describe: () => null,
  splitNames: (path) => byteOrder([...new Set([...findSplits(path).keys(), onlySplit])]),
  items,
  labelPath: (path, split, imageName) => join(path, split, "labels", `${imageName}.png`),
};

/**
 * The folders of a split. If there is no `train/images`, all images under the folder are the split `train`: whoever
 * keeps photographs in `2024/images` and `2025/images` means no splits.
 */
function foldersOf(path: string, split: string): SplitFolders {
  const hasSplit = existsSync(join(path, split, "images"));
  if (!hasSplit && split === onlySplit) return { images: path, labels: null };
  return splitFoldersOf(path, split);
}

function items(path: string, split: string): ListedItems {
  const folders = foldersOf(path, split);
  const { images, notices } = splitImages(path, split, folders);
  const unused = folders.labels === null
    ? []
    : [`The labels in ${folders.labels} are not used: there is no dataset.json in ${path} that says what they mean`];
  const titles = imageTitles(images);
  return {
    items: images.map((image, index) => ({
      name: titles[index] ?? image,
      imagePath: join(folders.images, image),
      labelPath: null,
    })),
    notices: [...notices, ...unused],
  };
}
