/**
 * Confusion matrix in a plain loop: the definition that the kernel is tested against.
 *
 * @module
 */

/** `[C, C]` with rows by ground truth; pixels where either label is no class are left out. */
export function confusionMatrix(predicted: ArrayLike<number>, truth: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes * classes).fill(0);
  for (let index = 0; index < truth.length; index++) {
    const row = truth[index] ?? 255;
    const column = predicted[index] ?? 255;
    if (row < classes && column < classes) counts[row * classes + column] = (counts[row * classes + column] ?? 0) + 1;
  }
  return counts;
}

/** `[C, C + 1]` with rows by ground truth; the last column counts pixels whose predicted label is no class. */
export function confusionWithMisses(predicted: ArrayLike<number>, truth: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes * (classes + 1)).fill(0);
  for (let index = 0; index < truth.length; index++) {
    const row = truth[index] ?? 255;
    const entry = row * (classes + 1) + Math.min(predicted[index] ?? 255, classes);
    if (row < classes) counts[entry] = (counts[entry] ?? 0) + 1;
  }
  return counts;
}
