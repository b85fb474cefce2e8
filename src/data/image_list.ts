/**
 * Lists of images: a path or a name in each line, or a path of an image and one of its labels with a tab between them.
 * A list selects images of a data set. One with labels may be a data set by itself (`layouts/list.ts`).
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import type { Dataset, Split } from "./dataset.ts";
import type { FileItem } from "./file_item.ts";
import { isFolder, readText, stem, withoutEnding } from "./image_files.ts";

/** A line of a list. */
export interface ListLine {
  /** Its number, from 1. */
  readonly number: number;
  /** The image: its path, or its name in the data set. */
  readonly image: string;
  /** The path of the labels; `null` where the line has none. */
  readonly label: string | null;
}

/** A list of images. */
export interface ImageList {
  /** The file. */
  readonly path: string;
  /** The lines that are neither empty nor comments; at least one. */
  readonly lines: readonly ListLine[];
  /** Whether a line names labels. */
  readonly hasLabels: boolean;
}

/**
 * Reads a list.
 *
 * @throws {Error} where there is no such file, it has no line, or a line has more than two parts.
 */
export function readImageList(path: string): ImageList {
  if (!existsSync(path) || isFolder(path)) {
    const found = existsSync(path) ? "it is a folder, expected a text file" : "there is no such file";
    throw new Error(`Cannot read the list ${path}: ${found}`);
  }
  return parseImageList(readText(path), path);
}

/** The list at a path; `undefined` where no path is given. */
export function openList(path: string | undefined): ImageList | undefined {
  return path === undefined ? undefined : readImageList(path);
}

/** The lines of the text of a list; `path` appears in messages. Throws as {@link readImageList} does. */
export function parseImageList(text: string, path: string): ImageList {
  if (text.includes("\0")) throw new Error(`Cannot read the list ${path}: it is no text`);
  const lines = text.split(/\r?\n|\r/).flatMap((line, index): ListLine[] => {
    if (isPassedOver(line)) return [];
    const parts = line.split("\t").map((part) => part.trim());
    const [image = "", label, ...others] = parts;
    if (image === "" || label === "" || others.length > 0) {
      throw new Error(
        `Cannot read the list ${path}: line ${
          index + 1
        } has ${parts.length} parts, expected the path of an image, or ` +
          "that, a tab and the path of its labels",
      );
    }
    return [{ number: index + 1, image, label: label ?? null }];
  });
  if (lines.length === 0) throw new Error(`Cannot read the list ${path}: it has no line`);
  return { path, lines, hasLabels: lines.some(({ label }) => label !== null) };
}

/** Whether a line is empty or a comment, `# …`. */
export function isPassedOver(line: string): boolean {
  return /^\s*(#\s.*|#)?$/.test(line);
}

/** The most names in a message. */
const shownLines = 3;

/**
 * The images of a split that a list names, in the split's order. A line may be the image's path, from the data set's
 * folder or from the list's or the whole one, its name, or its file name where no other image has the same. Lines that
 * name images of other splits are passed over.
 *
 * @throws {Error} where a line names no image of the data set or several, or no line names one of this split.
 */
export function listedPart(split: Split, dataset: Dataset, list: ImageList | undefined): Split {
  if (list === undefined) return split;
  const chosen = new Set<number>();
  const missing: ListLine[] = [];
  const find = finder(split, dataset, list);
  for (const line of list.lines) {
    const index = find(line);
    if (index === null) missing.push(line);
    else chosen.add(index);
  }
  const lost = missing.length === 0 ? [] : unknownLines(missing, split, dataset, list);
  const [first] = lost;
  if (first !== undefined) {
    const names = lost.slice(0, shownLines).map(({ number, image }) => `"${image}" (line ${number})`).join(", ");
    throw new Error(
      `The list ${list.path} names ${lost.length === 1 ? "an image" : `${lost.length} images`} that the data set ` +
        `${dataset.path} does not have: ${names}${
          lost.length > shownLines ? " and others" : ""
        }. Write paths from the ` +
        "folder of the data set",
    );
  }
  if (chosen.size === 0) {
    throw new Error(
      `The list ${list.path} names no image of the split "${split.name}" of ${dataset.path}: all of its images are in ` +
        "other splits",
    );
  }
  const items = split.items.filter((_, index) => chosen.has(index));
  const notice = `The list ${list.path} selects ${items.length} of the ${split.items.length} images of the split ` +
    `"${split.name}" of ${dataset.path}`;
  return { ...split, items, notices: [...split.notices, notice] };
}

/** What a list names of a split. */
export interface NamedImages {
  /** The images, in the split's order. */
  readonly named: FileItem[];
  /** The lines that name no image of the split. */
  readonly missing: readonly ListLine[];
}

/**
 * The images of a split that a list names. Lines are read as in {@link listedPart}; those without an image are not refused,
 * since a published list names all images of a data set, of which few may be there.
 */
export function namedImages(split: Split, dataset: Dataset, list: ImageList): NamedImages {
  const find = finder(split, dataset, list);
  const places = list.lines.map((line) => ({ line, index: find(line) }));
  const chosen = new Set(places.map(({ index }) => index));
  return {
    named: split.items.filter((_, index) => chosen.has(index)),
    missing: places.filter(({ index }) => index === null).map(({ line }) => line),
  };
}

/** The lines that name no image of any other split either. */
function unknownLines(missing: readonly ListLine[], { name }: Split, dataset: Dataset, list: ImageList): ListLine[] {
  let left = [...missing];
  for (const other of dataset.splitNames()) {
    if (other === name || left.length === 0) continue;
    const find = finder(dataset.split(other), dataset, list);
    left = left.filter((line) => find(line) === null);
  }
  return left;
}

/** Finds the image of a line: its place in the split, or `null`. */
function finder({ name: split, items }: Split, dataset: Dataset, list: ImageList): (line: ListLine) => number | null {
  const root = isFolder(dataset.path) ? dataset.path : dirname(dataset.path);
  const exact = new Map<string, number>();
  const byFile = new Map<string, number[]>();
  for (const [index, { name, imagePath, sensor, token, otherNames = [] }] of items.entries()) {
    const whole = resolve(imagePath);
    const keys = [name, `${split}/${name}`, whole, slashes(relative(root, imagePath)), ...otherNames];
    for (const key of token === undefined ? keys : [...keys, token]) exact.set(key, index);
    // Frames of all sequences have the same file names.
    if (sensor !== undefined && name.includes("/")) continue;
    const file = stem(imagePath);
    byFile.set(file, [...byFile.get(file) ?? [], index]);
  }
  const withoutEndings = new Map([...exact].map(([key, index]) => [withoutEnding(key), index]));
  return ({ number, image }) => {
    const plain = slashes(image).replace(/^(\.\/)+/, "");
    const found = exact.get(plain) ?? exact.get(resolve(root, image)) ??
      exact.get(resolve(dirname(list.path), image)) ??
      exact.get(resolve(image)) ?? withoutEndings.get(plain) ?? withoutEndings.get(withoutEnding(plain));
    if (found !== undefined) return found;
    const [one, another] = byFile.get(stem(plain)) ?? byFile.get(plain) ?? [];
    if (one === undefined) return null;
    if (another === undefined) return one;
    throw new Error(
      `The list ${list.path} names "${image}" in line ${number}, and several images of ${dataset.path} have that file ` +
        `name: ${items[one]?.name} and ${items[another]?.name}. Write the path from the folder of the data set`,
    );
  };
}

function slashes(path: string): string {
  return sep === "\\" ? path.replaceAll("\\", "/") : path;
}
