/**
 * How many pseudo-labels are right, if the images have labels of their own. The training never sees these labels.
 *
 * @module
 */

import type { ClassMap } from "../data/class_map.ts";

/** What the classes of labels become, as a class map says it. */
export type MergedLabels = Pick<ClassMap, "toId" | "toClasses">;

/**
 * How many pseudo-labels of each class could be compared with the truth, and how many of them are right. Where the
 * classes of the pseudo-labels are merged into those of the truth, they are counted as these.
 */
export interface JudgedCounts {
  /** Number of compared pixels, by class of the pseudo-label. */
  readonly judged: readonly number[];
  /** How many of these are right. */
  readonly right: readonly number[];
  /** Number of pixels of each class in the truth, whether they got a pseudo-label or not. */
  readonly ofTruth: readonly number[];
}

/** How good the pseudo-labels of a round are, by class; `null` where nothing could be compared. */
export interface JudgedShares {
  /** The share of the pseudo-labels of a class that are right. */
  readonly precision: (number | null)[];
  /** The share of the pixels that truly are of a class that are labelled with it. */
  readonly recall: (number | null)[];
}

/**
 * Compares pseudo-labels with the truth, pixel by pixel. A pixel that is ignored in the truth does not count, and one that
 * is ignored in the pseudo-labels only as one that is not found.
 *
 * @param merge what each class of the pseudo-labels is among the classes of the truth. Default: the same.
 */
export function judgeLabels(
  labels: Uint8Array,
  truth: Uint8Array,
  classes: number,
  merge?: MergedLabels,
): JudgedCounts {
  const counted = merge?.toClasses.length ?? classes;
  const judged = new Array<number>(counted).fill(0);
  const right = new Array<number>(counted).fill(0);
  const all = new Array<number>(counted).fill(0);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel] ?? 255;
    const wanted = truth[pixel] ?? 255;
    if (wanted === 255) continue;
    all[wanted] = (all[wanted] ?? 0) + 1;
    const meant = merge === undefined ? label : merge.toId[label] ?? 255;
    if (meant === 255) continue;
    judged[meant] = (judged[meant] ?? 0) + 1;
    if (meant === wanted) right[meant] = (right[meant] ?? 0) + 1;
  }
  return { judged, right, ofTruth: all };
}

/** Adds up the counts of many images. */
export class Precision {
  readonly #judged: number[];
  readonly #right: number[];
  readonly #ofTruth: number[];

  /** Begins with counts of zero. */
  constructor(classes: number) {
    this.#judged = new Array<number>(classes).fill(0);
    this.#right = new Array<number>(classes).fill(0);
    this.#ofTruth = new Array<number>(classes).fill(0);
  }

  /** Adds the counts of an image. */
  add(counted: JudgedCounts): void {
    const pairs = [[this.#judged, counted.judged], [this.#right, counted.right], [
      this.#ofTruth,
      counted.ofTruth,
    ]] as const;
    for (const [sums, counts] of pairs) {
      for (const [id, count] of counts.entries()) sums[id] = (sums[id] ?? 0) + count;
    }
  }

  /** How good the pseudo-labels of all images are. */
  shares(): JudgedShares {
    const ofRight = (counts: readonly number[]) =>
      counts.map((count, id) => count > 0 ? (this.#right[id] ?? 0) / count : null);
    return { precision: ofRight(this.#judged), recall: ofRight(this.#ofTruth) };
  }
}
