/**
 * Which files of a folder are images, in which order, and what they are called. For the layouts of data sets.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { hasImageEnding } from "./decoders/kind.ts";

/** Whether a file is an image by its ending. */
export function isImageName(name: string): boolean {
  return hasImageEnding(name);
}

/** The images in a folder. Hidden files are left out: some systems scatter `._name.jpg` beside images. */
export function imageNames(folder: string): string[] {
  return byteOrder(readdirSync(folder).filter((name) => isImageName(name) && !name.startsWith(".")), stem);
}

/** Sorted by the UTF-8 bytes of `key`, the same on every machine and in every locale. */
export function byteOrder(names: string[], key: (name: string) => string = (name) => name): string[] {
  return names
    .map((name) => ({ name, bytes: Buffer.from(key(name)) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ name }) => name);
}

/** @throws {Error} where two images would have the same name. */
export function requireDifferentStems(paths: string[]): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const earlier = seen.get(stem(path));
    if (earlier !== undefined) {
      throw new Error(`Cannot use ${earlier} and ${path} together: both would be called "${stem(path)}". Rename one`);
    }
    seen.set(stem(path), path);
  }
}

/** A file's name without its ending. */
export function stem(path: string): string {
  return basename(path).replace(/\.[^.]*$/, "");
}

/** Whether there is a folder at a path. */
export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** A text file, without the mark that some editors put first. */
export function readText(path: string): string {
  return readFileSync(path, "utf8").replace(/^\ufeff/, "");
}
