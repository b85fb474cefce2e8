/**
 * Data sets, class maps and images on the disk. This module lists folders and reads small texts only; the loader reads
 * the images.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { type ClassMap, IGNORE_LABEL, type LabelTable, labelTable, parseClassMap } from "./class_map.ts";
import type { Colour } from "./encode.ts";
import { type Dataset, type DatasetClasses, type DatasetDescription, mappedClasses } from "./dataset.ts";
import {
  byteOrder,
  endingsText,
  imageTitles,
  isFolder,
  isImageName,
  leftOutText,
  type ListedFiles,
  listImages,
  readText,
  stem,
  withoutEnding,
} from "./image_files.ts";
import { ReasonedError } from "../errors.ts";
import type { FileItem } from "./file_item.ts";
import type { ImageList } from "./image_list.ts";
import { isLabelSetName } from "./label_set_names.ts";
import { type LabelSet, labelSet, parseLabelSet } from "./label_sets.ts";
import { officialLayouts } from "./layouts/officials.ts";
import { hasImageFolder } from "./layouts/parts.ts";
import type { Layout, ListedItem, ListedItems } from "./layouts/layout.ts";
import { keyframeToken } from "./layouts/nuscenes.ts";
import { isPairList, listedFolder, listFolder } from "./layouts/list.ts";
import type { LayoutName } from "./layouts/names.ts";
import { photoFolder } from "./layouts/photo_folder.ts";
import { scanFolder } from "./layouts/scan_folder.ts";
import { splitFolders } from "./layouts/split_folders.ts";
import { distinctNames, withoutRepeats } from "./result_names.ts";
import { sensorFinder } from "./scans/find_sensor.ts";
import { isScanName, withoutScanEnding } from "./scans/read_scan.ts";
import type { ScanSensor } from "./scans/sensor.ts";
import { Loader, type LoaderOptions } from "./loader.ts";

/**
 * Every layout that a data set may have; the first that recognises its folder is taken.
 */
const layouts: readonly Layout[] = [
  ...officialLayouts,
  ...[listFolder, splitFolders, photoFolder, scanFolder],
];

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
  /** What the labels of a list mean that names no classes: ids in the order of the set's, or its colours. */
  readonly labelSet?: LabelSet | undefined;
  /** The layout. Default: the first that recognises the folder by what is in it. */
  readonly layout?: LayoutName | undefined;
  /**
   * A list that belongs to it. If it has labels and the folder has no layout of its own, the list is the data set, and
   * its paths begin at the folder. Else `listedPart` selects images by it.
   */
  readonly list?: ImageList | undefined;
}

/**
 * Opens the data set in the folder `path`, with its classes after the class map (`mappedClasses`). Where `classes` are
 * given, a folder of images without a `dataset.json` will do. `path` may also be a list of images with their labels.
 *
 * @throws {Error} where the folder or its `dataset.json` is missing, it has not the layout that is asked for, or a key of
 * its `dataset.json` is wrong.
 */
export function openDataset(path: string, options: OpenOptions = {}): Dataset {
  if (!existsSync(path)) throw new Error(`Cannot open the data set ${path}: there is no such folder`);
  const layout = layoutOf(path, options);
  const description = layout.describe(path) ?? givenDescription(path, layout, options);
  const { rules: usual, encodings, ...classes } = description === null
    ? { ...requireGiven(path, layout, options), rules: { labelTable: labelTable(255) }, encodings: {} }
    : mappedClasses(description, options.classMap);
  const rules = encodings[givenEncoding] ?? usual;
  return {
    ...classes,
    path,
    layout: layout.name,
    split(name) {
      const { items, notices } = layout.items(path, name);
      const rulesOf = (encoding: string | undefined) => encoding === undefined ? rules : encodings[encoding] ?? rules;
      return { name, items: items.map(({ encoding, ...item }) => ({ ...item, ...rulesOf(encoding) })), notices };
    },
    splitNames: () => layout.splitNames(path),
    labelPath: (split, imageName) => layout.labelPath(path, split, imageName),
  };
}

/** The layout of a folder, or of a list. */
function layoutOf(path: string, { layout: wanted, list }: OpenOptions): Layout {
  const found = recognised(path);
  if (wanted !== undefined) return requireLayout(path, wanted, found);
  if (list?.hasLabels && (found === undefined || found.name === "photos")) return listedFolder(list);
  if (found !== undefined) return found;
  throw new Error(
    isFolder(path)
      ? `Cannot open the data set ${path}: it has no dataset.json, and no image is in it, ${endingsText}, nor a scan, .bin. ` +
        "Give the folder that holds dataset.json, or one of photographs to adapt to"
      : `Cannot open the data set ${path}: it is a file, expected a folder, or a list with the path of an image, a tab ` +
        "and the path of its labels in each line",
  );
}

/** The first layout that a folder has. */
function recognised(path: string): Layout | undefined {
  if (!isFolder(path)) return isPairList(path) ? listFolder : undefined;
  const isDescribed = existsSync(join(path, "dataset.json")) && hasImageFolder(path);
  // Whoever wrote a dataset.json beside images says what is meant.
  return (isDescribed ? [listFolder, splitFolders] : layouts).find(({ recognises }) => recognises(path));
}

function requireLayout(path: string, name: LayoutName, found: Layout | undefined): Layout {
  const layout = layouts.find((one) => one.name === name);
  if (layout !== undefined && (isFolder(path) ? (layout.fits ?? layout.recognises)(path) : layout === found)) {
    return layout;
  }
  const other = found === undefined ? "" : ` It looks like ${found.name}`;
  throw new Error(`The data set ${path} has not the layout ${name}.${other}. docs/datasets.md shows each layout`);
}

/** What the encoding of labels is called whose classes a given label set tells. */
const givenEncoding = "given";

/** What a given label set says of a list without classes. */
function givenDescription(path: string, { name }: Layout, { labelSet: set }: OpenOptions): DatasetDescription | null {
  if (set === undefined || name !== "list") return null;
  const [ids = new Map(), colours] = [set.ids.get("train"), set.colours.get("train")];
  const encodings = { [givenEncoding]: { ids, ...(colours === undefined ? {} : { colours }) } };
  return { name: path, classes: [...set.classes], palette: [...set.palette], ignore: IGNORE_LABEL, encodings };
}

/** The given classes of a folder that says none. */
function requireGiven(path: string, layout: Layout, { classes }: OpenOptions): DatasetClasses {
  if (classes !== undefined) return { name: path, classes: [...classes.classes], palette: [...classes.palette] };
  if (layout === scanFolder) {
    throw new Error(
      `Cannot open the data set ${path}: it holds LiDAR scans, but nothing that tells the classes of their labels. Let the ` +
        "files lie as those of SemanticKITTI or nuScenes do (docs/datasets.md), or give it as a folder to adapt to",
    );
  }
  if (layout.name === "list") {
    throw new ReasonedError(
      `Cannot open the data set ${path}: it lists images with their labels, but nothing names the classes of these. ` +
        'Write a dataset.json beside the list, such as {"name": "town", "classes": ["road", "car"]}, or name the label ' +
        "set that the labels are in",
      "no label set",
    );
  }
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
  const isFile = !isLabelSetName(nameOrPath) && existsSync(nameOrPath);
  return isFile ? parseLabelSet(readText(nameOrPath), nameOrPath) : labelSet(nameOrPath);
}

/** A path that holds nothing to label. */
export interface FailedPath {
  /** As it was given. */
  readonly path: string;
  /** What is wrong with it. */
  readonly error: unknown;
}

/** Images and scans to label, and the paths that hold none. */
export interface GivenItems extends ListedItems<FileItem> {
  /** The paths that do not exist, are no image by their ending, or are folders without one. */
  readonly failed: readonly FailedPath[];
}

/**
 * Items without labels from paths of images. A path may be a folder, which stands for the images in it and in all
 * folders in it, in byte order; of an official data set, for its images, so that no label file is taken for one. These are
 * called by their paths from there, and other images by their file names. Where two would have the same name, they keep
 * their folders (`distinctNames`). An image that is given twice counts once.
 */
export function imageItems(paths: readonly string[]): GivenItems {
  const notices: string[] = [];
  const failed: FailedPath[] = [];
  const sensorOf = sensorFinder();
  const given = withoutRepeats(paths, (path) => path).flatMap((path) => {
    try {
      const found = itemsAt(path, sensorOf);
      notices.push(...found.notices);
      return found.items;
    } catch (error) {
      failed.push({ path, error });
      return [];
    }
  });
  const items = withoutRepeats(given, ({ imagePath }) => imagePath);
  const names = distinctNames(items.map(({ imagePath, name }) => ({ path: imagePath, title: name })));
  return { items: items.map((item, index) => ({ ...item, name: names[index] ?? item.name })), notices, failed };
}

/** The image or the scan at a path, or those in the folder there. */
function itemsAt(path: string, sensorOf: (path: string) => ScanSensor): ListedItems<FileItem> {
  const table = labelTable(255);
  const item = (name: string, imagePath: string) => ({ name, imagePath, labelPath: null, labelTable: table });
  if (!existsSync(path)) throw new Error(`Cannot read ${path}: there is no such file or folder`);
  if (!isFolder(path)) {
    if (isScanName(path)) return { items: [scanItem(path, stem(path), table, sensorOf)], notices: [] };
    if (isImageName(path)) return { items: [item(stem(path), path)], notices: [] };
    throw new Error(`Cannot use ${path}: expected an image file, ${endingsText}, or a scan, .bin`);
  }
  const scans = scansIn(path);
  if (scans.length > 0) {
    return {
      items: scans.map(({ encoding: _, ...scan }) => ({ ...scan, labelPath: null, labelTable: table })),
      notices: [],
    };
  }
  const { images, others } = officialImages(path) ?? listImages(path);
  if (images.length === 0) {
    throw new Error(`Cannot use ${path}: there is no image file in it, ${endingsText}, nor a scan, .bin`);
  }
  const titles = imageTitles(images);
  return {
    items: images.map((image, index) => item(titles[index] ?? image, join(path, image))),
    notices: leftOutText(path, others),
  };
}

/** The scan in a file. In a folder of SemanticKITTI it is called by its sequence too. */
function scanItem(
  path: string,
  title: string,
  labelTable: LabelTable,
  sensorOf: (path: string) => ScanSensor,
): FileItem {
  const sequence = /(?:^|[\\/])sequences[\\/]([^\\/]+)[\\/]velodyne[\\/][^\\/]+$/.exec(resolve(path))?.[1];
  const name = sequence === undefined ? title : `${sequence}/${withoutScanEnding(basename(path))}`;
  const token = keyframeToken(path);
  return {
    ...{ name, imagePath: path, labelPath: null, labelTable, sensor: sensorOf(path) },
    ...(token === undefined ? {} : { token }),
  };
}

/** The scans in a folder: those of all splits of an official data set; of another, those that it holds besides images. */
function scansIn(path: string): ListedItem[] {
  const layout = recognised(path);
  if (layout === undefined) return [];
  const items = layout.splitNames(path).flatMap((split) => layout.items(path, split).items);
  return items.every(({ sensor }) => sensor !== undefined) ? items : [];
}

/** The images of all splits of an official data set, as paths from its folder; `null` where it is none. */
function officialImages(path: string): ListedFiles | null {
  const layout = recognised(path);
  if (layout === undefined || !officialLayouts.includes(layout)) return null;
  const images = layout.splitNames(path).flatMap((split) => layout.items(path, split).items)
    .map(({ imagePath }) => relative(path, imagePath).replaceAll(sep, "/"));
  return { images: byteOrder([...new Set(images)], withoutEnding), others: [] };
}
