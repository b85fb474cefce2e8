/**
 * Data sets as folders: `dataset.json` (name, classes, palette, ignore), `<split>/images/*.{jpg,jpeg,png}` and, where
 * there are labels, `<split>/labels/<stem>.png`. This only lists files; the loader reads their pixels.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import {
  classDifference,
  type ClassMap,
  IGNORE_LABEL,
  type LabelTable,
  labelTable,
  parseClassMap,
  sameClasses,
} from "./class_map.ts";
import type { Colour } from "./encode.ts";
import type { Item } from "./sample.ts";
import { ReasonedError } from "../errors.ts";
import { validated } from "../formats/validation.ts";

/** The images of a split in byte order of their names; never empty. */
export interface Split {
  /** The folder's name, such as `train`. */
  name: string;
  /** Its images. */
  items: Item[];
}

/** An opened data set. */
export interface Dataset {
  /** The name in `dataset.json`. */
  name: string;
  /** The folder. */
  path: string;
  /** Class names in id order, after the class map where one applied. */
  classes: string[];
  /** A colour per class, after the class map where one applied. */
  palette: Colour[];
  /** The split of that name; throws where there is none or it has no image. */
  split(name: string): Split;
  /** The names of all splits. */
  splitNames(): string[];
}

/** Endings of image files, in lower case. */
const IMAGE_ENDING = /\.(jpg|jpeg|png)$/i;

const byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));
const datasetSchema = v.looseObject({
  name: v.pipe(v.string(), v.nonEmpty()),
  classes: v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.minLength(1), v.maxLength(255)),
  palette: v.optional(v.array(v.strictTuple([byte, byte, byte]))),
  ignore: v.optional(byte, IGNORE_LABEL),
});

/**
 * Opens the data set in the folder `path`.
 *
 * A `classMap` is applied where the classes of the data set equal its `from_classes`. Otherwise it is left aside.
 * {@link requireClasses} checks afterwards whether the classes fit the network.
 *
 * @throws {Error} where the folder or its `dataset.json` is missing, or a key of it is wrong.
 */
export function openDataset(path: string, options: { classMap?: ClassMap | undefined } = {}): Dataset {
  if (!isFolder(path)) throw new Error(`Cannot open the data set ${path}: there is no such folder`);
  const jsonPath = join(path, "dataset.json");
  if (!existsSync(jsonPath)) {
    throw new Error(
      `Cannot open the data set ${path}: it has no dataset.json. ` +
        'Write one with its name and classes, such as {"name": "town", "classes": ["road", "car"]}',
    );
  }
  const file = validated(datasetSchema, readText(jsonPath), jsonPath, "data set");
  if (file.palette !== undefined && file.palette.length !== file.classes.length) {
    throw new Error(
      `Cannot read the data set ${jsonPath}: key "palette": found ${file.palette.length} colours, ` +
        `expected one for each of the ${file.classes.length} classes`,
    );
  }
  const repeated = file.classes.find((name, index) => file.classes.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new Error(
      `Cannot read the data set ${jsonPath}: key "classes": found "${repeated}" twice, expected different names`,
    );
  }
  const palette = file.palette ?? defaultPalette(file.classes.length);
  const classMap = options.classMap !== undefined && sameClasses(file.classes, options.classMap.fromClasses)
    ? options.classMap
    : undefined;
  const table = labelTable(file.classes.length, file.ignore, classMap);
  return {
    name: file.name,
    path,
    classes: classMap?.toClasses ?? file.classes,
    palette: classMap === undefined ? palette : mappedPalette(palette, classMap),
    split: (name) => openSplit(path, name, table),
    splitNames: () => splitNames(path),
  };
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
 * Makes sure that the classes of a data set are those of the network, in the same order.
 *
 * @throws {Error} naming the first difference and, where a class map was given that did not apply, why.
 */
export function requireClasses(dataset: Dataset, networkClasses: readonly string[], classMap?: ClassMap): void {
  const difference = classDifference(dataset.classes, networkClasses);
  if (difference === null) return;
  const message = `The classes of the data set ${dataset.path} are not the network's: ${difference}`;
  if (classMap === undefined) throw new ReasonedError(message, "no class map");
  const unused = classDifference(dataset.classes, classMap.fromClasses);
  const why = unused === null || sameClasses(dataset.classes, classMap.toClasses)
    ? "The class map leads to other classes than the network's"
    : `The class map does not apply to it (${unused} in from_classes)`;
  throw new ReasonedError(`${message}. ${why}`);
}

/**
 * Makes sure that every image of a split has labels, as training and scoring on it need.
 *
 * @throws {Error} naming the first image without.
 */
export function requireLabels(split: Split, dataset: Dataset): void {
  const without = split.items.filter((item) => item.labelPath === null);
  const first = without[0];
  if (first === undefined) return;
  throw new Error(
    `The split "${split.name}" of ${dataset.path} lacks labels for ${without.length} of ${split.items.length} images, ` +
      `expected ${join(dataset.path, split.name, "labels", `${first.name}.png`)} for ${basename(first.imagePath)}`,
  );
}

/**
 * Items without labels from paths of images. A path may be a folder, which stands for the images in it, in byte order.
 *
 * @throws {Error} where a path does not exist, is no image by its ending, or two images would have the same name.
 */
export function imageItems(paths: readonly string[]): Item[] {
  const files = paths.flatMap((path) => {
    if (!existsSync(path)) throw new Error(`Cannot read ${path}: there is no such file or folder`);
    if (!isFolder(path)) return [path];
    const names = imageNames(path);
    if (names.length === 0) throw new Error(`Cannot use ${path}: there is no .jpg, .jpeg or .png file in it`);
    return names.map((name) => join(path, name));
  });
  const notImage = files.find((file) => !IMAGE_ENDING.test(file));
  if (notImage !== undefined) throw new Error(`Cannot use ${notImage}: expected a .jpg, .jpeg or .png file`);
  requireDifferentStems(files);
  const table = labelTable(255);
  return files.map((imagePath) => ({ name: stem(imagePath), imagePath, labelPath: null, labelTable: table }));
}

/**
 * A palette for a data set that has none: a colour for each of `classCount` classes. They are the bit-reversed colours
 * of PASCAL VOC, without black.
 */
export function defaultPalette(classCount: number): Colour[] {
  return Array.from({ length: classCount }, (_, index) => {
    const colour: [number, number, number] = [0, 0, 0];
    for (let bit = 0; bit < 8; bit++) {
      const three = ((index + 1) >> (3 * bit)) & 7;
      colour[0] |= (three & 1) << (7 - bit);
      colour[1] |= ((three >> 1) & 1) << (7 - bit);
      colour[2] |= ((three >> 2) & 1) << (7 - bit);
    }
    return colour;
  });
}

/** The palette after a class map. A class of the map takes the colour of the first class that becomes it. */
function mappedPalette(palette: Colour[], classMap: ClassMap): Colour[] {
  const fallback = defaultPalette(classMap.toClasses.length);
  return classMap.toClasses.map((_, toId) => palette[classMap.toId.indexOf(toId)] ?? fallback[toId] ?? [0, 0, 0]);
}

function openSplit(path: string, name: string, table: LabelTable): Split {
  const imageFolder = join(path, name, "images");
  if (!isFolder(imageFolder)) {
    const others = splitNames(path);
    const list = others.length === 0 ? "It has none: images belong in <split>/images" : `It has: ${others.join(", ")}`;
    throw new Error(`The data set ${path} has no split "${name}". ${list}`);
  }
  const names = imageNames(imageFolder);
  if (names.length === 0) {
    throw new Error(`The split "${name}" of ${path} is empty: there is no .jpg, .jpeg or .png file in ${imageFolder}`);
  }
  const imagePaths = names.map((imageName) => join(imageFolder, imageName));
  requireDifferentStems(imagePaths);
  const labelFolder = join(path, name, "labels");
  const labelNames = new Set(isFolder(labelFolder) ? readdirSync(labelFolder) : []);
  const items = imagePaths.map((imagePath) => {
    const labelName = `${stem(imagePath)}.png`;
    const labelPath = labelNames.has(labelName) ? join(labelFolder, labelName) : null;
    return { name: stem(imagePath), imagePath, labelPath, labelTable: table };
  });
  if (labelNames.size > 0 && items.every((item) => item.labelPath === null)) {
    throw new Error(
      `No file in ${labelFolder} has the name of an image: ${basename(imagePaths[0] ?? "")} would need ${
        items[0]?.name
      }.png`,
    );
  }
  return { name, items };
}

function splitNames(path: string): string[] {
  return byteOrder(readdirSync(path).filter((name) => isFolder(join(path, name, "images"))));
}

/** Hidden files are left out: some systems scatter `._name.jpg` beside images. */
function imageNames(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => IMAGE_ENDING.test(name) && !name.startsWith("."));
  return byteOrder(names, stem);
}

/** Sorted by the UTF-8 bytes of `key`, the same on every machine and in every locale. */
function byteOrder(names: string[], key: (name: string) => string = (name) => name): string[] {
  return names
    .map((name) => ({ name, bytes: Buffer.from(key(name)) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ name }) => name);
}

function requireDifferentStems(paths: string[]): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const earlier = seen.get(stem(path));
    if (earlier !== undefined) {
      throw new Error(`Cannot use ${earlier} and ${path} together: both would be called "${stem(path)}". Rename one`);
    }
    seen.set(stem(path), path);
  }
}

function stem(path: string): string {
  return basename(path).replace(/\.[^.]*$/, "");
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function readText(path: string): string {
  return readFileSync(path, "utf8").replace(/^\ufeff/, "");
}
