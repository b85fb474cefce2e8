/**
 * What of a run's folder the live page may read: the pictures of pseudo-labels and of the report, and nothing else.
 *
 * @module
 */

import { readFile, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** Places of these pictures in the folder. Folders are not listed, and no other file can be named. */
const served = /^(?:rounds\/\d+\/pseudo-labels|report|pictures)\/.*\.(png|jpg)$/s;

const types: Readonly<Record<string, string>> = { png: "image/png", jpg: "image/jpeg" };

/** A picture of a run. */
export interface ServedFile {
  /** Its type, as HTTP names it. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the picture that a URL names.
 *
 * @param folder the run's folder.
 * @param path the path of the URL without the slash in front, each part of it encoded.
 * @returns `null` where there is no such picture, or it may not be read. A link that leads elsewhere counts as none.
 */
export async function servedFile(folder: string, path: string): Promise<ServedFile | null> {
  const name = decoded(path);
  if (name === null || !served.test(name)) return null;
  try {
    const file = await realpath(join(folder, ...name.split("/")));
    // Where the file really is. Links may lead out of the folder, or to other files of it.
    const [, ending = ""] = served.exec(relative(await realpath(folder), file).split(sep).join("/")) ?? [];
    const type = types[ending];
    if (type === undefined || !(await stat(file)).isFile()) return null;
    return { type, bytes: new Uint8Array(await readFile(file)) };
  } catch {
    return null;
  }
}

/** The path with its parts decoded; `null` if a part is no name of a file. */
function decoded(path: string): string | null {
  try {
    const parts = path.split("/").map(decodeURIComponent);
    return parts.some((part) => part === "" || part === "." || part === ".." || /[/\\\0]/.test(part))
      ? null
      : parts.join("/");
  } catch {
    return null;
  }
}

/**
 * The URL of a picture of the run, relative to the page, from its path in the run's folder; `null` where the file is none
 * that is served, as the labels of scans are.
 */
export function pictureUrl(path: string): string | null {
  const parts = path.split(sep);
  return served.test(parts.join("/")) ? parts.map(encodeURIComponent).join("/") : null;
}
