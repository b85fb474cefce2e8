/**
 * Scores from a confusion matrix: IoU per class, their mean, and pixel accuracy. The matrix is counted on the GPU.
 *
 * @module
 */

/**
 * The IoU of a class that is in neither ground truth nor prediction. `null`: it is left out of the mean. `zero`: it is
 * 0 and counts.
 */
export type AbsentRule = "null" | "zero";

/** Scores as fractions of 1. */
export interface Scores {
  /** IoU by class id; `null` for a class in neither ground truth nor prediction. */
  iou: (number | null)[];
  /** Mean of the IoUs that are not `null`; `null` where none is. */
  miou: number | null;
  /** Share of the labelled pixels whose class is right; `null` without a labelled pixel. */
  pixelAccuracy: number | null;
}

/**
 * Scores of a confusion matrix `[C, C]`, rows first: `confusion[truth · C + predicted]` counts pixels. Pixels without
 * ground truth are not in it. IoU = both / (truth + predicted − both). With `absent: "zero"`, the rule of the released
 * code, a class that is in neither counts as 0.
 *
 * @throws {RangeError} where the matrix is not square.
 */
export function scoreConfusion(confusion: ArrayLike<number>, options: { absent?: AbsentRule } = {}): Scores {
  const classCount = Math.round(Math.sqrt(confusion.length));
  if (classCount * classCount !== confusion.length) {
    throw new RangeError(`A confusion matrix has C × C counts, found ${confusion.length}`);
  }
  const truth = new Array<number>(classCount).fill(0);
  const predicted = new Array<number>(classCount).fill(0);
  for (let row = 0; row < classCount; row++) {
    for (let column = 0; column < classCount; column++) {
      const count = confusion[row * classCount + column] ?? 0;
      truth[row] = (truth[row] ?? 0) + count;
      predicted[column] = (predicted[column] ?? 0) + count;
    }
  }
  const both = truth.map((_, id) => confusion[id * classCount + id] ?? 0);
  const iou = both.map((count, id) => {
    const union = (truth[id] ?? 0) + (predicted[id] ?? 0) - count;
    return union > 0 ? count / union : options.absent === "zero" ? 0 : null;
  });
  const pixels = sum(truth);
  return { iou, miou: meanOf(iou), pixelAccuracy: pixels > 0 ? sum(both) / pixels : null };
}

/** The mean of the values that are not `null`; `null` where none is. Also the mIoU over a subset of classes. */
export function meanOf(values: readonly (number | null)[]): number | null {
  const present = values.filter((value) => value !== null);
  return present.length > 0 ? sum(present) / present.length : null;
}

/** The element-wise sum of confusion matrices, as of several images or several machines. */
export function addConfusion(a: ArrayLike<number>, b: ArrayLike<number>): number[] {
  if (a.length !== b.length) {
    throw new RangeError(`Cannot add confusion matrices of ${a.length} and ${b.length} counts`);
  }
  return Array.from(a, (count, index) => count + (b[index] ?? 0));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
