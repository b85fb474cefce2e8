/**
 * What the results of files are called, where many files are given by their paths.
 *
 * @module
 */

import { basename, dirname, relative, resolve, sep } from "node:path";

/** A file, and what its results are called where no other file's are called the same. */
export interface TitledFile {
  /** The file. */
  readonly path: string;
  /** Its title. It may hold folders, with slashes. */
  readonly title: string;
}

/** The files without those that were given before, which `pathOf` tells. */
export function withoutRepeats<File>(files: readonly File[], pathOf: (file: File) => string): File[] {
  const first = new Map<string, File>();
  for (const file of files) {
    const place = resolve(pathOf(file));
    if (!first.has(place)) first.set(place, file);
  }
  return [...first.values()];
}

/**
 * A name for each file, of which no two are alike. It is the title. Where another file has that name, the title keeps the
 * folders below the deepest folder that holds all files; where they share that too, as `a.jpg` and `a.png` do, the file
 * name with its ending stands for the title.
 *
 * @param files no file twice.
 */
export function distinctNames(files: readonly TitledFile[]): string[] {
  const places = files.map(({ path }) => resolve(path));
  const root = commonFolder(places);
  const candidates = files.map(({ title }, index) => {
    const place = places[index] ?? "";
    const folders = relative(root, dirname(place)).split(sep).filter((part) => part !== "");
    const within = (name: string) => [...folders, name].join("/");
    return [title, within(title.slice(title.lastIndexOf("/") + 1)), within(basename(place))];
  });
  const chosen = files.map(() => 0);
  for (;;) {
    const names = candidates.map((one, index) => one[chosen[index] ?? 0] ?? "");
    const groups = new Map<string, number[]>();
    for (const [index, name] of names.entries()) {
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [index]);
      else group.push(index);
    }
    const clashing = [...groups.values()].filter(({ length }) => length > 1);
    if (clashing.length === 0) return names;
    for (const group of clashing) {
      // A longer name may be the title of another file, which then takes a longer one instead.
      const least = Math.min(...group.map((index) => chosen[index] ?? 0));
      for (const index of group) if (chosen[index] === least) chosen[index] = least + 1;
    }
  }
}

/** The folders between the deepest folder that holds all files and a file among them, with slashes. */
export function foldersBelow(paths: readonly string[]): (path: string) => string {
  const root = commonFolder(paths.map((path) => resolve(path)));
  return (path) => relative(root, dirname(resolve(path))).split(sep).join("/");
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
