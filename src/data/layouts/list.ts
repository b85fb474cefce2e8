/**
 * Lists of images with their labels: text files with `image<TAB>label` in each line, as the released code of the papers
 * has them. Paths begin at the data set's folder, or at the list's.
 *
 * A folder with such files (`train.lst`, `val.txt`, `test.tsv`) is a data set whose splits are called as the files. A
 * list that is given by itself is a data set of a single split, which answers to every name. `dataset.json` beside the
 * lists names the classes. Without it, a list that lies in the folder of an official data set, and names its label files,
 * has the classes of that.
 *
 * @module
 */

import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseDataset } from "../dataset.ts";
import { byteOrder, imageTitles, isFolder, readText, requireDifferentNames, stem } from "../image_files.ts";
import { type ImageList, isPassedOver, parseImageList, readImageList } from "../image_list.ts";
import type { Layout, ListedItem, ListedItems } from "./layout.ts";
import { officialLayouts } from "./officials.ts";
import { hasNamedSplits, onlySplit } from "./parts.ts";

/** The most bytes of a text file that is looked at to see whether it is a list: lists of 100,000 lines have 15 MB. */
const largestList = 64e6;

/** A folder with lists, or a list by itself. */
export const listFolder: Layout = {
  name: "list",
  recognises: (path) => isFolder(path) && !hasNamedSplits(path) && listsIn(path).size > 0,
  describe(path) {
    const root = isFolder(path) ? path : dirname(path);
    const jsonPath = join(root, "dataset.json");
    if (existsSync(jsonPath)) return parseDataset(readText(jsonPath), jsonPath);
    return officialIn(root)?.describe(root) ?? null;
  },
  splitNames: (path) => isFolder(path) ? [...listsIn(path).keys()] : [onlySplit],
  items(path, split) {
    if (!isFolder(path)) return pairs(readImageList(path), dirname(path));
    const lists = listsIn(path);
    const list = lists.get(split);
    if (list !== undefined) return pairs(list, path);
    throw new Error(`The data set ${path} has no split "${split}". It has: ${[...lists.keys()].join(", ")}`);
  },
  labelPath: (path, split) => isFolder(path) ? join(path, `${split}.lst`) : path,
};

/** The layout of a folder whose list lies elsewhere. Paths begin at the folder. */
export function listedFolder(list: ImageList): Layout {
  return {
    ...listFolder,
    splitNames: () => [onlySplit],
    items: (path) => pairs(list, path),
    labelPath: () => list.path,
  };
}

/** Whether a file is a list of images with their labels. */
export function isPairList(path: string): boolean {
  return listAt(path) !== null;
}

/**
 * The images and labels of a list. Files that do not exist are among them: whoever looks at the files names them all.
 *
 * @param folder where paths begin, if not at the list's own folder.
 * @throws {Error} where none of the images exists, or two images would have the same name.
 */
function pairs(list: ImageList, folder: string): ListedItems {
  const titles = imageTitles(list.lines.map(({ image }) => image));
  const encodings = officialEncodings(folder);
  const places = (path: string) => [...new Set([resolve(folder, path), resolve(dirname(list.path), path)])];
  const found = (path: string) => places(path).find((place) => existsSync(place)) ?? resolve(folder, path);
  const items = list.lines.map(({ image, label }, index): ListedItem => {
    const imagePath = found(image);
    const labelPath = label === null ? null : found(label);
    const encoding = labelPath === null ? undefined : encodings.get(resolve(labelPath));
    return {
      name: (titles[index] ?? image).replace(/^(\.{0,2}[\\/])+/, ""),
      imagePath,
      labelPath,
      ...(encoding === undefined ? {} : { encoding }),
    };
  });
  requireDifferentNames(items);
  const [first] = list.lines;
  if (first !== undefined && !items.some(({ imagePath }) => existsSync(imagePath))) {
    throw new Error(
      `The list ${list.path} names "${first.image}" in line ${first.number}: there is no file ` +
        places(first.image).join(" nor "),
    );
  }
  const inOrder = new Map(items.map((item) => [item.name, item]));
  return { items: byteOrder([...inOrder.keys()]).flatMap((name) => inOrder.get(name) ?? []), notices: [] };
}

/** The official layout of a folder without `dataset.json`. */
function officialIn(folder: string): Layout | undefined {
  if (existsSync(join(folder, "dataset.json"))) return undefined;
  return officialLayouts.find(({ recognises }) => recognises(folder));
}

/** The encoding of each label file of an official data set. */
function officialEncodings(folder: string): Map<string, string> {
  const layout = officialIn(folder);
  const items = layout?.splitNames(folder).flatMap((split) => layout.items(folder, split).items) ?? [];
  return new Map(
    items.flatMap(({ labelPath, encoding }) =>
      labelPath === null || encoding === undefined ? [] : [[resolve(labelPath), encoding] as const]
    ),
  );
}

/** The lists with labels in a folder, by their names without ending, in byte order. */
function listsIn(path: string): Map<string, ImageList> {
  const names = byteOrder(readdirSync(path).filter((name) => /\.(lst|txt|tsv)$/i.test(name)));
  return new Map(names.flatMap((name) => {
    const list = listAt(join(path, name));
    return list === null ? [] : [[stem(name), list] as const];
  }));
}

/** The list in a file; `null` where it is some other text. */
function listAt(path: string): ImageList | null {
  if (isFolder(path) || statSync(path).size > largestList) return null;
  const text = readText(path);
  const first = text.split(/[\r\n]/).find((line) => !isPassedOver(line)) ?? "";
  if (!/^[^\t]+\t[^\t]+$/.test(first.trimEnd())) return null;
  try {
    const list = parseImageList(text, path);
    return list.hasLabels ? list : null;
  } catch {
    return null;
  }
}
