/**
 * The project's own layout: `dataset.json` (name, classes, palette, ignore), images in `<split>/images` and, if there
 * are labels, `<split>/labels/<name>.png`. Both may hold folders: `labels/aachen/1.png` belongs to
 * `images/aachen/1.jpg`.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { parseDataset } from "../dataset.ts";
import { filesUnder, imageTitles, readText, stem } from "../image_files.ts";
import { isLabelName, labelFinder } from "./label_names.ts";
import type { Layout, ListedItems } from "./layout.ts";
import { findSplits, splitFoldersOf, splitImages } from "./parts.ts";

/** `dataset.json` and a folder per split. */
export const splitFolders: Layout = {
  name: "folders",
  recognises: (path) => existsSync(join(path, "dataset.json")),
  describe(path) {
    const jsonPath = join(path, "dataset.json");
    return parseDataset(readText(jsonPath), jsonPath);
  },
  splitNames: (path) => [...findSplits(path).keys()],
  items,
  labelPath: (path, split, imageName) => join(path, split, "labels", `${imageName}.png`),
};

function items(path: string, split: string): ListedItems {
  const folders = splitFoldersOf(path, split);
  const { images, notices } = splitImages(path, split, folders);
  const labels = folders.labels === null ? [] : filesUnder(folders.labels);
  const find = labelFinder(labels);
  const titles = imageTitles(images);
  const found = images.map((image, index) => {
    const label = find(image);
    return {
      name: titles[index] ?? image,
      imagePath: join(folders.images, image),
      labelPath: label === null || folders.labels === null ? null : join(folders.labels, label),
    };
  });
  if (labels.length > 0 && found.every((item) => item.labelPath === null)) {
    throw new Error(unmatchedText(folders.labels ?? "", labels, images[0] ?? ""));
  }
  return { items: found, notices };
}

/** Why no label file belongs to an image. */
function unmatchedText(folder: string, labels: readonly string[], image: string): string {
  const other = labels.find((path) => !isLabelName(path));
  if (!labels.some(isLabelName) && other !== undefined) {
    const lossy = /\.jpe?g$/i.test(other)
      ? ". JPEG changes the ids: export the labels again, not from the JPEG files"
      : "";
    return `The labels in ${folder} are no PNG files: it holds ${basename(other)}, expected ${
      stem(image)
    }.png with a class id for each pixel${lossy}`;
  }
  return `No file in ${folder} has the name of an image: ${basename(image)} would need ${stem(image)}.png, found ${
    labels.find(isLabelName)
  }`;
}
