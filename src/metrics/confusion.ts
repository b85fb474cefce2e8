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

/** Scores over the points or the pixels of LiDAR scans, as fractions of 1. */
export interface ScanScores {
  /**
   * Mean IoU over all classes, as the official evaluators define it: a class that the ground truth does not have counts as
   * 0. `null` where nothing is labelled.
   */
  miou: number | null;
  /** Mean IoU over the classes that the ground truth has. */
  miouPresent: number | null;
  /** IoU by class id; `null` for a class that the ground truth does not have. */
  iou: (number | null)[];
  /** Share of what is labelled whose class is right; what the prediction calls no class is wrong. */
  accuracy: number | null;
}

/**
 * Scores by the rule of SemanticKITTI's evaluator, of a matrix `[C, C + 1]`: `counts[truth · (C + 1) + predicted]`, whose
 * last column counts what has a class that the prediction calls none. That is a miss. What has no ground truth is not in
 * the matrix.
 *
 * @throws {RangeError} where the matrix has another shape.
 */
export function scoreWithMisses(counts: ArrayLike<number>): ScanScores {
  const classes = Math.floor(Math.sqrt(counts.length));
  if (classes * (classes + 1) !== counts.length) {
    throw new RangeError(`A confusion matrix with misses has C × (C + 1) counts, found ${counts.length}`);
  }
  const at = (truth: number, predicted: number) => counts[truth * (classes + 1) + predicted] ?? 0;
  const ids = Array.from({ length: classes }, (_, id) => id);
  const truth = ids.map((id) => sum(ids.map((predicted) => at(id, predicted))) + at(id, classes));
  const predicted = ids.map((id) => sum(ids.map((row) => at(row, id))));
  const iou = ids.map((id) => {
    const own = truth[id] ?? 0;
    return own === 0 ? null : at(id, id) / (own + (predicted[id] ?? 0) - at(id, id));
  });
  const labelled = sum(truth);
  if (labelled === 0) return { miou: null, miouPresent: null, iou, accuracy: null };
  const present = iou.filter((value) => value !== null);
  return {
    ...{ miou: sum(present) / classes, miouPresent: meanOf(iou), iou },
    accuracy: sum(ids.map((id) => at(id, id))) / labelled,
  };
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
