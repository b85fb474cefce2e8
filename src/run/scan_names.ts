/**
 * What the results of scans are called, where many are given by their paths.
 *
 * @module
 */

import { basename, dirname, relative, resolve, sep } from "node:path";
import { UsageError } from "../errors.ts";
import { withoutScanEnding } from "../data/scans/read_scan.ts";

/** A scan, and the name of what is made of it. */
export interface NamedScan {
  /** The file, as it was given. */
  readonly path: string;
  /** The stem, or where another scan has the same one, the path from the folder that holds all scans, with slashes. */
  readonly name: string;
}

/**
 * Names scans by their stems: the file names without `.bin` or `.pcd.bin`. Scans whose stem another has keep their
 * folders below the deepest folder that holds all scans. A file that is given twice counts once.
 *
 * @throws {UsageError} naming two scans that would have one name all the same.
 */
export function namedScans(paths: readonly string[]): NamedScan[] {
  const places = new Map(paths.map((path) => [resolve(path), path]));
  const full = [...places.keys()];
  const stems = full.map((place) => withoutScanEnding(basename(place)));
  const counts = new Map<string, number>();
  for (const stem of stems) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  const root = commonFolder(full);
  const taken = new Map<string, string>();
  return full.map((place, index) => {
    const stem = stems[index] ?? "";
    const path = places.get(place) ?? place;
    const folders = relative(root, dirname(place)).split(sep).filter((part) => part !== "");
    const name = counts.get(stem) === 1 ? stem : [...folders, stem].join("/");
    const other = taken.get(name);
    if (other !== undefined) {
      throw new UsageError(
        `The results of ${other} and ${path} would have one name, ${name}. Rename one, or give them one after the other`,
      );
    }
    taken.set(name, path);
    return { path, name };
  });
}

/** The deepest folder that holds all files. */
function commonFolder(places: readonly string[]): string {
  const [first = "", ...others] = places.map((place) => dirname(place).split(sep));
  const parts = [...first];
  for (const other of others) {
    const differing = parts.findIndex((part, index) => part !== other[index]);
    if (differing >= 0) parts.length = differing;
  }
  return parts.join(sep) || sep;
}
