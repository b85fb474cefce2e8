/**
 * How right pseudo-labels are, where the images have labels of their own. Nothing of it reaches the training.
 *
 * @module
 */

/** Pseudo-labels of each class whose truth is known, and how many of them are right. */
export interface JudgedCounts {
  /** Pixels by class. */
  readonly judged: readonly number[];
  /** Of these, right. */
  readonly right: readonly number[];
}

/** Compares pseudo-labels with the truth, pixel by pixel; ignored pixels of either do not count. */
export function judgeLabels(labels: Uint8Array, truth: Uint8Array, classes: number): JudgedCounts {
  const judged = new Array<number>(classes).fill(0);
  const right = new Array<number>(classes).fill(0);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel] ?? 255;
    const wanted = truth[pixel] ?? 255;
    if (label === 255 || wanted === 255) continue;
    judged[label] = (judged[label] ?? 0) + 1;
    if (label === wanted) right[label] = (right[label] ?? 0) + 1;
  }
  return { judged, right };
}

/** The counts of many images together. */
export class Precision {
  readonly #judged: number[];
  readonly #right: number[];

  /** No image yet. */
  constructor(classes: number) {
    this.#judged = new Array<number>(classes).fill(0);
    this.#right = new Array<number>(classes).fill(0);
  }

  /** Adds an image. */
  add({ judged, right }: JudgedCounts): void {
    for (const [sums, counts] of [[this.#judged, judged], [this.#right, right]] as const) {
      for (const [id, count] of counts.entries()) sums[id] = (sums[id] ?? 0) + count;
    }
  }

  /** Of each class, the share of its pseudo-labels that are right; `null` where that is unknown. */
  shares(): (number | null)[] {
    return this.#judged.map((count, id) => count > 0 ? (this.#right[id] ?? 0) / count : null);
  }
}
