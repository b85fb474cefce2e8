/**
 * Semi-supervision: of one data set, some images count as labelled. They are the source of a run; all others are its
 * target, and their labels, if they have any, only judge.
 *
 * @module
 */

import type { Dataset, Split } from "../data/dataset.ts";
import { namedImages, readImageList } from "../data/image_list.ts";
import { UsageError } from "../errors.ts";
import { Random } from "../random.ts";
import { shareOf } from "../settings/shares.ts";

/**
 * The images of a split that count as labelled. All of them have labels.
 *
 * @param labelled a share, or the path of a list.
 * @param seed decides which images make up a share. A larger share holds those of a smaller one.
 * @throws {UsageError} where the share is none.
 * @throws {Error} where no image has labels, or the list names none that has.
 */
export function countedAsLabelled(split: Split, dataset: Dataset, labelled: string, seed: number): Split {
  const share = shareOf(labelled);
  return share === null ? namedPart(split, dataset, labelled) : drawnPart(split, dataset, share, seed);
}

/**
 * Of N images, ⌊N·share⌋ are drawn from those with labels, but at least one. A number such as 0.29 is none that a computer
 * has, and 100 · 0.29 falls short of 29 in its last bit; so what is that near a whole number counts as one.
 */
function drawnPart(split: Split, dataset: Dataset, share: number, seed: number): Split {
  if (!(share > 0 && share <= 1)) {
    throw new UsageError(`--labelled is ${share}, expected a share above 0 and up to 1, or the path of a list`);
  }
  const { items } = split;
  const candidates = [...items.keys()].filter((index) => items[index]?.labelPath !== null);
  if (candidates.length === 0) throw new Error(noLabelsText(split, dataset));
  const wanted = Math.max(1, Math.floor(items.length * share + 1e-9 * items.length));
  const order = new Random(seed, "labelled part").permutation(candidates.length);
  const chosen = new Set(order.slice(0, wanted).map((place) => candidates[place]));
  const notice =
    `${countText(chosen.size, split)} of the ${items.length} of the split "${split.name}" of ${dataset.path} ` +
    `${chosen.size === 1 ? "counts" : "count"} as labelled (${share})`;
  return { ...split, items: items.filter((_, index) => chosen.has(index)), notices: [...split.notices, notice] };
}

function namedPart(split: Split, dataset: Dataset, path: string): Split {
  const list = readImageList(path);
  const { named, missing } = namedImages(split, dataset, list);
  const where = `the split "${split.name}" of ${dataset.path}`;
  const [first] = missing;
  if (named.length === 0) {
    throw new Error(
      `The list ${path} names no image of ${where}: none of its ${list.lines.length} lines, such as "${first?.image}". ` +
        "Write paths from the folder of the data set, or the names that its images have there, such as " +
        `"${split.items[0]?.name}"`,
    );
  }
  const items = named.filter(({ labelPath }) => labelPath !== null);
  if (items.length === 0) throw new Error(noLabelsText({ ...split, items: named }, dataset));
  const notices = [
    `The list ${path} names ${countText(named.length, split)} of the ${split.items.length} of ${where}`,
    ...(first === undefined ? [] : [missingText(path, missing.map(({ image }) => image))]),
    ...(items.length === named.length ? [] : [
      `${
        countText(named.length - items.length, split)
      } that the list ${path} names have no labels: they count as unlabelled`,
    ]),
  ];
  return { ...split, items, notices: [...split.notices, ...notices] };
}

/** The most lines that are named. */
const shownLines = 3;

function missingText(path: string, names: readonly string[]): string {
  const some = names.slice(0, shownLines).map((name) => `"${name}"`).join(", ");
  const left = names.length - shownLines;
  const others = left > 0 ? ` and ${left} ${left === 1 ? "other" : "others"}` : "";
  if (names.length === 1) return `1 line of the list ${path} names nothing that is there, and does not count: ${some}`;
  return `${names.length} lines of the list ${path} name nothing that is there, and do not count: ${some}${others}`;
}

function noLabelsText({ name, items }: Split, { path, labelPath }: Dataset): string {
  const [first] = items;
  const expected = first === undefined ? "" : `, expected ${labelPath(name, first.name)} for ${first.name}`;
  return `No image of the split "${name}" of ${path} that may count as labelled has labels${expected}`;
}

function countText(count: number, { items }: Split): string {
  const what = items[0]?.sensor === undefined ? "image" : "scan";
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
