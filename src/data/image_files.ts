/**
 * Which files of a folder are images, in which order, and what they are called. For the layouts of data sets.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type Dirent, existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { hasImageEnding, imageEndings } from "./decoders/kind.ts";

/** What makes a file an image, as messages say it. */
export const endingsText = `by its ending: ${imageEndings.join(", ")}`;

/** Whether a file is an image by its ending. */
export function isImageName(name: string): boolean {
  return hasImageEnding(name);
}

/** The files of a folder and of all folders in it, as paths from there with slashes. */
export interface ListedFiles {
  /** The images, in byte order of their paths without the ending. */
  readonly images: string[];
  /** All other files, but not those that systems scatter. */
  readonly others: string[];
}

/**
 * Lists a folder with all folders in it. A folder of labels beside a folder `images` is left out, so that labels are
 * never taken for photographs.
 */
export function listImages(folder: string): ListedFiles {
  const files = filesUnder(folder);
  const isImage = new Map(files.map((path) => [path, isImageName(path)]));
  return {
    images: byteOrder(files.filter((path) => isImage.get(path)), withoutEnding),
    others: byteOrder(files.filter((path) => !isImage.get(path))),
  };
}

/** The folders in which labels may lie, beside the folder `images`. */
export const labelFolders = ["labels", "masks"] as const;

/** Files and folders that systems scatter: hidden ones such as `._name.jpg` of macOS, and previews. */
function isScattered(name: string): boolean {
  return name.startsWith(".") || /^(thumbs\.db|ehthumbs\.db|desktop\.ini|__macosx|@eadir)$/i.test(name);
}

/** All files under a folder. A link to a folder is followed, unless it leads to a folder that it lies in. */
export function filesUnder(folder: string, within = "", above: readonly string[] = []): string[] {
  const place = realpathSync(folder);
  if (above.includes(place)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !isScattered(name));
  const hasImages = entries.some(({ name }) => name === "images");
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    const name = `${within}${entry.name}`;
    if (!leadsToFolder(entry, path)) return [name];
    if (hasImages && labelFolders.some((labels) => labels === entry.name)) return [];
    return filesUnder(path, `${name}/`, [...above, place]);
  });
}

function leadsToFolder(entry: Dirent, path: string): boolean {
  return entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path));
}

/** Sorted by the UTF-8 bytes of `key`, the same on every machine and in every locale. */
export function byteOrder(names: string[], key: (name: string) => string = (name) => name): string[] {
  return names
    .map((name) => ({ name, bytes: Buffer.from(key(name)) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ name }) => name);
}

/**
 * What images are called: by their paths without the ending, `aachen/0001` for `aachen/0001.jpg`. Where two would have
 * the same name, both keep their endings. Different paths get different names.
 */
export function imageTitles(paths: readonly string[]): string[] {
  const whole = new Set<string>();
  for (;;) {
    const titles = paths.map((path) => whole.has(path) ? path : withoutEnding(path));
    const counts = new Map<string, number>();
    for (const title of titles) counts.set(title, (counts.get(title) ?? 0) + 1);
    // An ending that is kept may make the name of a third one: `a.jpg`, `a.png` and `a.jpg.png`.
    const clashing = paths.filter((path, index) => !whole.has(path) && counts.get(titles[index] ?? "") !== 1);
    if (clashing.length === 0) return titles;
    for (const path of clashing) whole.add(path);
  }
}

/** @throws {Error} where two images would have the same name. */
export function requireDifferentNames(items: readonly { readonly name: string; readonly imagePath: string }[]): void {
  const seen = new Map<string, string>();
  for (const { name, imagePath } of items) {
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      throw new Error(`Cannot use ${earlier} and ${imagePath} together: both would be called "${name}". Rename one`);
    }
    seen.set(name, imagePath);
  }
}

/** Names the files of other kinds that are left out of a folder of images; no text where there are none. */
export function leftOutText(folder: string, others: readonly string[]): string[] {
  const [first] = others;
  if (first === undefined) return [];
  const counts = new Map<string, number>();
  for (const path of others) {
    const ending = /\.[^./]*$/.exec(path)?.[0].toLowerCase() ?? "no ending";
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  const kinds = [...counts].map(([ending, count]) => `${count} of ${ending}`).join(", ");
  const such = others.length === 1 ? first : `${kinds}, such as ${first}`;
  return [
    `Left out of ${folder}: ${
      others.length === 1 ? "1 file that is" : `${others.length} files that are`
    } no image by ` +
    `${others.length === 1 ? "its" : "their"} ending (${such})`,
  ];
}

/** A path without the ending of its last name. `.pcd.bin` is one ending. */
export function withoutEnding(path: string): string {
  return path.replace(/(\.pcd\.bin|\.[^./\\]*)$/i, "");
}

/** A file's name without its ending. */
export function stem(path: string): string {
  return withoutEnding(basename(path));
}

/** Whether there is a folder at a path. */
export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** A text file, without the mark that some editors put first. UTF-16, which Windows writes, is read as well. */
export function readText(path: string): string {
  const bytes = readFileSync(path);
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

/** The encoding of a text by its mark, or by the zeros beside its first letter, as in JSON's first specification. */
function encodingOf([first, second]: Uint8Array): string {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return "utf-16be";
  return "utf-8";
}
