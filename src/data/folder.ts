/**
 * Data sets, class maps and images on the disk. This module lists folders and reads small texts only; the loader reads
 * the images.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type ClassMap, labelTable, parseClassMap } from "./class_map.ts";
import { type Dataset, mappedClasses } from "./dataset.ts";
import { imageEndings } from "./decoders/kind.ts";
import type { FileItem } from "./file_item.ts";
import { imageNames, isFolder, isImageName, readText, requireDifferentStems, stem } from "./image_files.ts";
import type { Layout } from "./layouts/layout.ts";
import { splitFolders } from "./layouts/split_folders.ts";
import { Loader, type LoaderOptions } from "./loader.ts";

const endingsText = `by its ending: ${imageEndings.join(", ")}`;

/** Every layout that a data set may have; the first that recognises its folder is taken. */
const layouts: readonly Layout[] = [splitFolders];

/**
 * Opens the data set in the folder `path`, with its classes after the class map (`mappedClasses`).
 *
 * @throws {Error} where the folder or its `dataset.json` is missing, or a key of it is wrong.
 */
export function openDataset(path: string, options: { classMap?: ClassMap | undefined } = {}): Dataset {
  if (!isFolder(path)) throw new Error(`Cannot open the data set ${path}: there is no such folder`);
  // A folder of no known layout is told what the project's own one takes.
  const layout = layouts.find(({ recognises }) => recognises(path)) ?? splitFolders;
  const { table, ...classes } = mappedClasses(layout.describe(path), options.classMap);
  return {
    ...classes,
    path,
    split: (name) => ({ name, items: layout.items(path, name, table) }),
    splitNames: () => layout.splitNames(path),
    labelPath: (split, imageName) => layout.labelPath(path, split, imageName),
  };
}

/** A loader for the items that this module lists. */
export function openLoader(options: LoaderOptions = {}): Loader {
  return new Loader({ urlOf: (path) => pathToFileURL(resolve(path)).href, ...options });
}

/**
 * Reads a class-map file.
 *
 * @throws {Error} where it is missing or wrong.
 */
export function readClassMap(path: string): ClassMap {
  if (!existsSync(path)) throw new Error(`Cannot read the class map ${path}: there is no such file`);
  return parseClassMap(readText(path), path);
}

/**
 * Items without labels from paths of images. A path may be a folder, which stands for the images in it, in byte order.
 *
 * @throws {Error} where a path does not exist, is no image by its ending, or two images would have the same name.
 */
export function imageItems(paths: readonly string[]): FileItem[] {
  const files = paths.flatMap((path) => {
    if (!existsSync(path)) throw new Error(`Cannot read ${path}: there is no such file or folder`);
    if (!isFolder(path)) return [path];
    const names = imageNames(path);
    if (names.length === 0) throw new Error(`Cannot use ${path}: there is no image file in it, ${endingsText}`);
    return names.map((name) => join(path, name));
  });
  const notImage = files.find((file) => !isImageName(file));
  if (notImage !== undefined) throw new Error(`Cannot use ${notImage}: expected an image file, ${endingsText}`);
  requireDifferentStems(files);
  const table = labelTable(255);
  return files.map((imagePath) => ({ name: stem(imagePath), imagePath, labelPath: null, labelTable: table }));
}
