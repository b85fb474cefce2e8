/**
 * How many files a process may open at a time. Deno ends at once, without a sentence, where it cannot start a Worker for
 * want of them.
 *
 * @module
 */

import { closeSync, openSync } from "node:fs";
import { isTooManyFiles } from "./reasons.ts";

/**
 * Makes sure that some files more can be opened at a time, by opening one so often.
 *
 * @param path a file that can be read.
 * @throws {Error} if they cannot.
 */
export function requireOpenFiles(count: number, path: string): void {
  const opened: number[] = [];
  try {
    while (opened.length < count) opened.push(openSync(path, "r"));
  } catch (error) {
    // What else is wrong with that file is no matter of this check.
    if (!isTooManyFiles(error)) return;
    throw new Error(
      `This program may open only ${opened.length} more files at a time and needs ${count} to start. ` +
        "`ulimit -n 1024` allows more to what a shell starts next",
    );
  } finally {
    for (const file of opened) closeSync(file);
  }
}
