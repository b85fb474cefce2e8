/**
 * What the official layouts share: each split has folders of images and, beside them, folders of labels whose names
 * follow from the images'. A layout says where these folders are and what the names of labels are.
 *
 * @module
 */

import { join } from "node:path";
import type { DatasetDescription, LabelEncoding } from "../dataset.ts";
import { byteOrder, filesUnder, imageTitles, isFolder, listImages } from "../image_files.ts";
import { type LabelSet, labelSet } from "../label_sets.ts";
import type { Layout, ListedItem, ListedItems } from "./layout.ts";
import type { LayoutName } from "./names.ts";

/** Folders of a split that belong together. */
export interface OfficialPart {
  /** The folder of the images. */
  readonly images: string;
  /** The folder of the labels; it need not exist. */
  readonly labels: string;
  /** What stands before the names of its images, where a split has several parts. Default: nothing. */
  readonly prefix?: string;
  /** Whether an image belongs to the part, by its path from `images`. Default: all do. */
  readonly isImage?: (image: string) => boolean;
  /** Which encoding its label files have, where their names do not tell: by the files' paths. */
  readonly encodingOf?: (labels: readonly string[]) => string;
}

/** Where the labels of an image may lie, and what they hold. */
export interface LabelPlace {
  /** The path from the folder of labels. */
  readonly path: string;
  /** One of the description's encodings. */
  readonly encoding: string;
}

/** What distinguishes an official layout from the others. */
export interface OfficialForm {
  readonly name: LayoutName;
  /** The folders of each split, the splits in their usual order; empty where the folder has not this layout. */
  parts(path: string): ReadonlyMap<string, readonly OfficialPart[]>;
  /** Whether a folder that has the parts has this layout rather than a similar one. Default: it has. */
  recognises?(path: string, parts: ReadonlyMap<string, readonly OfficialPart[]>): boolean;
  /** Whether a file is an image of the data set, by its path from the folder of images. Default: every image is. */
  isImage?(image: string): boolean;
  /** Where the labels of an image may lie, the likeliest first, by the image's path from the folder of images. */
  labels(image: string): readonly LabelPlace[];
  /** Classes and encodings. */
  describe(path: string): DatasetDescription;
  /** A sentence where a folder of labels exists and none of its files belongs to an image. Default: a general one. */
  unmatched?(labels: string): string;
}

/** A layout by its form. */
export function officialLayout(form: OfficialForm): Layout {
  const fits = (path: string) => isFolder(path) && [...form.parts(path).values()].flat().some(hasImage);
  const hasImage = (part: OfficialPart) => imagesOf(form, part).length > 0;
  return {
    name: form.name,
    fits,
    recognises: (path) => fits(path) && (form.recognises?.(path, form.parts(path)) ?? true),
    describe: (path) => form.describe(path),
    splitNames: (path) => splitNames(form, path),
    items: (path, split) => itemsOf(form, path, split),
    labelPath(path, split, imageName) {
      const [part] = form.parts(path).get(split) ?? [];
      return join(part?.labels ?? path, form.labels(`${imageName}.png`)[0]?.path ?? "");
    },
  };
}

/** The splits that have images. */
function splitNames(form: OfficialForm, path: string): string[] {
  return [...form.parts(path)].filter(([, parts]) => parts.some((part) => imagesOf(form, part).length > 0))
    .map(([name]) => name);
}

/** The images of a part, as paths from its folder. */
function imagesOf(form: OfficialForm, { images, isImage }: OfficialPart): string[] {
  if (!isFolder(images)) return [];
  return listImages(images).images
    .filter((image) => (form.isImage?.(image) ?? true) && (isImage?.(image) ?? true));
}

function itemsOf(form: OfficialForm, path: string, split: string): ListedItems {
  const parts = form.parts(path).get(split) ?? [];
  const notices: string[] = [];
  const items = parts.flatMap((part) => {
    const listed = partItems(form, part);
    notices.push(...listed.notices);
    return listed.items;
  });
  if (items.length === 0) {
    const names = splitNames(form, path);
    throw new Error(
      `The data set ${path} has no split "${split}". ${
        names.length === 0 ? "It has none" : `It has: ${names.join(", ")}`
      }`,
    );
  }
  const byName = new Map(items.map((item) => [item.name, item]));
  return { items: byteOrder([...byName.keys()]).flatMap((name) => byName.get(name) ?? []), notices };
}

function partItems(form: OfficialForm, part: OfficialPart): { items: ListedItem[]; notices: string[] } {
  const images = imagesOf(form, part);
  const files = new Set(isFolder(part.labels) ? filesUnder(part.labels) : []);
  const titles = imageTitles(images);
  const places = images.map((image) => form.labels(image).find(({ path }) => files.has(path)));
  const found = places.flatMap((place) => place === undefined ? [] : [join(part.labels, place.path)]);
  const encoding = found.length === 0 ? undefined : part.encodingOf?.(found);
  const items = images.map((image, index): ListedItem => {
    const place = places[index];
    return {
      name: `${part.prefix ?? ""}${titles[index] ?? image}`,
      imagePath: join(part.images, image),
      labelPath: place === undefined ? null : join(part.labels, place.path),
      ...(place === undefined ? {} : { encoding: encoding ?? place.encoding }),
    };
  });
  const notices = files.size > 0 && images.length > 0 && found.length === 0
    ? [form.unmatched?.(part.labels) ?? unmatchedText(part.labels, images[0] ?? "", form)]
    : [];
  return { items, notices };
}

function unmatchedText(folder: string, image: string, form: OfficialForm): string {
  return `No file in ${folder} holds the labels of an image: ${image} would need ${form.labels(image)[0]?.path ?? ""}`;
}

/** The first of some folders that exists in a folder, such as the one in which an archive was unpacked. */
export function folderIn(path: string, ...candidates: readonly string[]): string | null {
  return candidates.map((candidate) => join(path, candidate)).find(isFolder) ?? null;
}

/** The folders of splits in a folder, the usual splits first: `train`, `val`, `test`, then others by their names. */
export function splitsIn(path: string, names: readonly string[]): string[] {
  const usual = ["train", "val", "test"];
  return [...usual.filter((name) => names.includes(name)), ...byteOrder(names.filter((name) => !usual.includes(name)))]
    .filter((name) => isFolder(join(path, name)));
}

/** A name without a suffix that it may have. */
export function withoutSuffix(name: string, suffix: string): string {
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

/**
 * The description of a data set with the classes of a built-in label set.
 *
 * @param encodings for each kind of label files, the name of the encoding in the label set, or what it is.
 */
export function describedBy(
  name: LayoutName,
  setName: string,
  encodings: Readonly<Record<string, string | LabelEncoding>>,
): DatasetDescription {
  const set = labelSet(setName);
  return {
    name,
    classes: [...set.classes],
    palette: [...set.palette],
    ignore: 255,
    encodings: Object.fromEntries(
      Object.entries(encodings).map(([kind, encoding]) =>
        [kind, typeof encoding === "string" ? { ids: idsOf(set, encoding) } : encoding] as const
      ),
    ),
  };
}

/** The ids of an encoding of a label set. */
export function idsOf(set: LabelSet, encoding: string): ReadonlyMap<number, number> {
  const ids = set.ids.get(encoding);
  if (ids === undefined) throw new Error(`The label set ${set.name} does not know the ids of ${encoding}`);
  return ids;
}
