/**
 * Whether the labels to learn from fit the data set's list of classes. What cannot be meant is refused before anything
 * is trained, what is odd is warned about.
 *
 * @module
 */

import type { Dataset, Split } from "../data/dataset.ts";
import { IGNORE_LABEL } from "../data/class_map.ts";
import { colourText } from "../data/encode.ts";
import type { Progress } from "../selftraining/progress.ts";
import type { InspectedSplit } from "./inspection.ts";

/** The most names that a warning lists. */
const listed = 12;

/**
 * Checks the labels of a split to learn from. Ids that are none of the data set's were refused before, file by file.
 *
 * @throws {Error} where all labels hold one class only, though the data set has several, or none at all.
 */
export function checkLabels(split: Split, dataset: Dataset, inspected: InspectedSplit, progress: Progress): void {
  const table = inspected.items[0]?.labelTable;
  if (table === undefined) return;
  const { idCounts, classCounts } = inspected;
  const ignoredIds = [...idCounts.keys()].filter((id) => table[id] === IGNORE_LABEL && (idCounts[id] ?? 0) > 0);
  const counts: Counts = {
    classes: classCounts.slice(0, dataset.classes.length),
    ignored: classCounts[IGNORE_LABEL] ?? 0,
    ignoredId: ignoredIds.at(-1) ?? null,
  };
  requireSeveral(split, dataset, counts);
  const absent = dataset.classes.filter((_, id) => counts.classes[id] === 0);
  if (absent.length > 0) {
    progress.warn(
      `No label of the split "${split.name}" of ${dataset.path} holds ${named(absent)}: the network cannot learn ${
        absent.length === 1 ? "it" : "them"
      } from there`,
    );
  }
}

interface Counts {
  /** Pixels of each class. */
  readonly classes: Float64Array;
  /** Ignored pixels, and one of their ids in the files. */
  readonly ignored: number;
  readonly ignoredId: number | null;
}

function requireSeveral(
  { name }: Split,
  { path, classes }: Dataset,
  { classes: pixels, ignored, ignoredId }: Counts,
): void {
  const present = classes.filter((_, id) => (pixels[id] ?? 0) > 0);
  const [only] = present;
  if (present.length > 1 || (classes.length === 1 && only !== undefined)) return;
  const found = only === undefined
    ? `All labels of the split "${name}" of ${path} are ignored`
    : `All labels of the split "${name}" of ${path} hold one class only, "${only}", of ${classes.length}`;
  throw new Error(`${found}, so that there is nothing to learn. ${remedy(classes, only, ignored, ignoredId)}`);
}

function remedy(
  classes: readonly string[],
  only: string | undefined,
  ignored: number,
  ignoredId: number | null,
): string {
  if (ignored > 0) {
    const missing = classes.map((name, id) => ({ name, id })).filter(({ name }) => name !== only);
    const [first] = missing;
    const meant = missing.length === 1 && first !== undefined
      ? `"${first.name}", write ${first.id}, its id, in its place`
      : "a class, write that class's id in its place";
    return `Their other pixels have the id ${ignoredId}, which is ignored. If it means ${meant} in the label files`;
  }
  if (only !== classes[0]) return "Correct the label files, or the classes in dataset.json";
  return "Label files of 16 bits that were converted to 8 look like that: give the files of 16 bits, they are read as " +
    "they are. Else correct the label files, or the classes in dataset.json";
}

/** Warns about label files whose palettes disagree with the data set's. */
export function warnOfPalettes(
  { path, classes }: Dataset,
  { strayColours, items }: InspectedSplit,
  progress: Progress,
) {
  const [first] = strayColours;
  if (first === undefined) return;
  // The names are those of the ids only if no class map stands between.
  const isMapped = items[0]?.labelTable.some((classId, id) =>
    classId >= 0 && classId !== IGNORE_LABEL && classId !== id
  );
  const name = (id: number) =>
    isMapped === true || classes[id] === undefined ? `id ${id}` : `"${classes[id]}" (id ${id})`;
  const meant = first.meantId === null ? "no class's" : `that of ${name(first.meantId)}`;
  progress.warn(
    `${strayText(strayColours.length)} with that in dataset.json of ${path}: in ${first.path} ` +
      `${name(first.id)} has the colour ${colourText(first.colour)}, ${meant} there. The numbers in the files count, ` +
      "not the colours: make sure that the ids are in the order of the classes",
  );
}

function strayText(files: number): string {
  return files === 1 ? "The palette in a label file disagrees" : `The palettes in ${files} label files disagree`;
}

function named(names: readonly string[]): string {
  const some = names.slice(0, listed).map((name) => `"${name}"`).join(", ");
  const others = names.length - listed;
  const list = others > 0 ? `${some} and ${others} more` : some;
  return names.length === 1 ? `the class ${list}` : `the classes ${list}`;
}
