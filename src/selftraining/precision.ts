/**
 * How many pseudo-labels are right, if the images have labels of their own. The training never sees these labels.
 *
 * @module
 */

/** How many pseudo-labels of each class could be compared with the truth, and how many of them are right. */
export interface JudgedCounts {
  /** Number of compared pixels, by class of the pseudo-label. */
  readonly judged: readonly number[];
  /** How many of these are right. */
  readonly right: readonly number[];
}

/**
 * Compares pseudo-labels with the truth, pixel by pixel. A pixel that is ignored in either does not count.
 *
 * @param become what each class of the pseudo-labels is among the classes of the truth, ignored if nothing. Default: the
 * same.
 */
export function judgeLabels(
  labels: Uint8Array,
  truth: Uint8Array,
  classes: number,
  become?: readonly number[],
): JudgedCounts {
  const judged = new Array<number>(classes).fill(0);
  const right = new Array<number>(classes).fill(0);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel] ?? 255;
    const wanted = truth[pixel] ?? 255;
    const meant = become === undefined ? label : become[label] ?? 255;
    if (meant === 255 || wanted === 255) continue;
    judged[label] = (judged[label] ?? 0) + 1;
    if (meant === wanted) right[label] = (right[label] ?? 0) + 1;
  }
  return { judged, right };
}

/** Adds up the counts of many images. */
export class Precision {
  readonly #judged: number[];
  readonly #right: number[];

  /** Begins with counts of zero. */
  constructor(classes: number) {
    this.#judged = new Array<number>(classes).fill(0);
    this.#right = new Array<number>(classes).fill(0);
  }

  /** Adds the counts of an image. */
  add({ judged, right }: JudgedCounts): void {
    for (const [sums, counts] of [[this.#judged, judged], [this.#right, right]] as const) {
      for (const [id, count] of counts.entries()) sums[id] = (sums[id] ?? 0) + count;
    }
  }

  /** For each class, the share of its pseudo-labels that are right; `null` if none could be compared. */
  shares(): (number | null)[] {
    return this.#judged.map((count, id) => count > 0 ? (this.#right[id] ?? 0) / count : null);
  }
}
