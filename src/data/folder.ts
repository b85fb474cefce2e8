/**
 * Data sets, class maps and images on the disk. This module lists folders and reads small texts only; the loader reads
 * the images.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type ClassMap, labelTable, parseClassMap } from "./class_map.ts";
import type { Colour } from "./encode.ts";
import { type Dataset, type DatasetClasses, mappedClasses } from "./dataset.ts";
import {
  endingsText,
  imageTitles,
  isFolder,
  isImageName,
  leftOutText,
  listImages,
  readText,
  requireDifferentNames,
  stem,
} from "./image_files.ts";
import { type LabelSet, labelSet, labelSetNames, parseLabelSet } from "./label_sets.ts";
import type { Layout, ListedItems } from "./layouts/layout.ts";
import { photoFolder } from "./layouts/photo_folder.ts";
import { splitFolders } from "./layouts/split_folders.ts";
import { Loader, type LoaderOptions } from "./loader.ts";

/** Every layout that a data set may have; the first that recognises its folder is taken. */
const layouts: readonly Layout[] = [splitFolders, photoFolder];

/** Classes for a folder that names none. */
export interface GivenClasses {
  /** Class names in id order. */
  readonly classes: readonly string[];
  /** A colour per class. */
  readonly palette: readonly Colour[];
}

/** How a data set is opened. */
export interface OpenOptions {
  /** A class map, which applies if it starts from the data set's classes. */
  readonly classMap?: ClassMap | undefined;
  /** The classes of a folder of images that says none, as the images to adapt to need not. */
  readonly classes?: GivenClasses | undefined;
}

/**
 * Opens the data set in the folder `path`, with its classes after the class map (`mappedClasses`). Where `classes` are
 * given, a folder of images without a `dataset.json` will do.
 *
 * @throws {Error} where the folder or its `dataset.json` is missing, or a key of it is wrong.
 */
export function openDataset(path: string, options: OpenOptions = {}): Dataset {
  if (!isFolder(path)) {
    const found = existsSync(path) ? "it is a file, expected a folder" : "there is no such folder";
    throw new Error(`Cannot open the data set ${path}: ${found}`);
  }
  const layout = layouts.find(({ recognises }) => recognises(path));
  if (layout === undefined) {
    throw new Error(
      `Cannot open the data set ${path}: it has no dataset.json, and no image is in it, ${endingsText}. ` +
        "Give the folder that holds dataset.json, or one of photographs to adapt to",
    );
  }
  const description = layout.describe(path);
  const { rules, ...classes } = description === null
    ? { ...requireGiven(path, options), rules: { labelTable: labelTable(255) } }
    : mappedClasses(description, options.classMap);
  return {
    ...classes,
    path,
    split: (name) => ({ name, ...layout.items(path, name, rules) }),
    splitNames: () => layout.splitNames(path),
    labelPath: (split, imageName) => layout.labelPath(path, split, imageName),
  };
}

/** The given classes of a folder that says none. */
function requireGiven(path: string, { classes }: OpenOptions): DatasetClasses {
  if (classes !== undefined) return { name: path, classes: [...classes.classes], palette: [...classes.palette] };
  throw new Error(
    `Cannot open the data set ${path}: it holds images, but no dataset.json that names the classes of their labels. ` +
      'Write one, such as {"name": "town", "classes": ["road", "car"]}, with the images in <split>/images and the ' +
      "labels in <split>/labels",
  );
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
 * A label set by the name of a built-in one, or from a file: a label set, or the `dataset.json` of a data set.
 *
 * @throws {ReasonedError} where it is no known name and there is no such file.
 * @throws {Error} where the file is wrong.
 */
export function readLabelSet(nameOrPath: string): LabelSet {
  const isFile = !labelSetNames.includes(nameOrPath) && existsSync(nameOrPath);
  return isFile ? parseLabelSet(readText(nameOrPath), nameOrPath) : labelSet(nameOrPath);
}

/**
 * Items without labels from paths of images. A path may be a folder, which stands for the images in it and in all
 * folders in it, in byte order. These are called by their paths from there.
 *
 * @throws {Error} where a path does not exist, is no image by its ending, or two images would have the same name.
 */
export function imageItems(paths: readonly string[]): ListedItems {
  const table = labelTable(255);
  const item = (name: string, imagePath: string) => ({ name, imagePath, labelPath: null, labelTable: table });
  const files = paths.filter((path) => existsSync(path) && !isFolder(path));
  const names = imageTitles(files.map((path) => basename(path)));
  const titles = new Map(files.map((path, index) => [path, names[index]]));
  const notices: string[] = [];
  const items = paths.flatMap((path) => {
    if (!existsSync(path)) throw new Error(`Cannot read ${path}: there is no such file or folder`);
    if (!isFolder(path)) {
      if (!isImageName(path)) throw new Error(`Cannot use ${path}: expected an image file, ${endingsText}`);
      return [item(titles.get(path) ?? stem(path), path)];
    }
    const { images, others } = listImages(path);
    if (images.length === 0) throw new Error(`Cannot use ${path}: there is no image file in it, ${endingsText}`);
    notices.push(...leftOutText(path, others));
    const inFolder = imageTitles(images);
    return images.map((image, index) => item(inFolder[index] ?? image, join(path, image)));
  });
  requireDifferentNames(items);
  return { items, notices };
}
