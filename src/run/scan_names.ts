/**
 * What the results of scans are called, where many are given by their paths.
 *
 * @module
 */

import { basename } from "node:path";
import { distinctNames, withoutRepeats } from "../data/result_names.ts";
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
 * folders (`distinctNames`). A file that is given twice counts once.
 */
export function namedScans(paths: readonly string[]): NamedScan[] {
  const different = withoutRepeats(paths, (path) => path);
  const names = distinctNames(different.map((path) => ({ path, title: withoutScanEnding(basename(path)) })));
  return different.map((path, index) => ({ path, name: names[index] ?? path }));
}
