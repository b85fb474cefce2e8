/**
 * The project's own layout: `dataset.json` (name, classes, palette, ignore), `<split>/images/*.{jpg,jpeg,png}` and, if
 * there are labels, `<split>/labels/<stem>.png`.
 *
 * @module
 */

import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { LabelTable } from "../class_map.ts";
import { parseDataset } from "../dataset.ts";
import type { FileItem } from "../file_item.ts";
import { byteOrder, imageNames, isFolder, readText, requireDifferentStems, stem } from "../image_files.ts";
import type { Layout } from "./layout.ts";

/** `dataset.json` and a folder per split. */
export const splitFolders: Layout = {
  recognises: (path) => existsSync(join(path, "dataset.json")),
  describe(path) {
    const jsonPath = join(path, "dataset.json");
    if (existsSync(jsonPath)) return parseDataset(readText(jsonPath), jsonPath);
    throw new Error(
      `Cannot open the data set ${path}: it has no dataset.json. ` +
        'Write one with its name and classes, such as {"name": "town", "classes": ["road", "car"]}',
    );
  },
  splitNames,
  items,
  labelPath: (path, split, imageName) => join(path, split, "labels", `${imageName}.png`),
};

function splitNames(path: string): string[] {
  return byteOrder(readdirSync(path).filter((name) => isFolder(join(path, name, "images"))));
}

function items(path: string, split: string, table: LabelTable): FileItem[] {
  const imageFolder = join(path, split, "images");
  if (!isFolder(imageFolder)) {
    const others = splitNames(path);
    const list = others.length === 0 ? "It has none: images belong in <split>/images" : `It has: ${others.join(", ")}`;
    throw new Error(`The data set ${path} has no split "${split}". ${list}`);
  }
  const names = imageNames(imageFolder);
  if (names.length === 0) {
    throw new Error(`The split "${split}" of ${path} is empty: there is no .jpg, .jpeg or .png file in ${imageFolder}`);
  }
  const imagePaths = names.map((imageName) => join(imageFolder, imageName));
  requireDifferentStems(imagePaths);
  const labelFolder = join(path, split, "labels");
  const labelNames = new Set(isFolder(labelFolder) ? readdirSync(labelFolder) : []);
  const found = imagePaths.map((imagePath) => {
    const labelName = `${stem(imagePath)}.png`;
    const labelPath = labelNames.has(labelName) ? join(labelFolder, labelName) : null;
    return { name: stem(imagePath), imagePath, labelPath, labelTable: table };
  });
  if (labelNames.size > 0 && found.every((item) => item.labelPath === null)) {
    const [first = ""] = imagePaths;
    throw new Error(
      `No file in ${labelFolder} has the name of an image: ${basename(first)} would need ${stem(first)}.png`,
    );
  }
  return found;
}
