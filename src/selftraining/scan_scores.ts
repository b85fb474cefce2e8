/**
 * Scores of a network on labelled LiDAR scans, over points and over pixels.
 *
 * @module
 */

import { type AbsentRule, type ScanScores, scoreWithMisses } from "../metrics/confusion.ts";

/** Scores over the points or over the pixels of scans, by the rule of SemanticKITTI's evaluator. From 0 to 1. */
export interface NamedScanScores extends Omit<ScanScores, "iou"> {
  /** IoU of each class by its name; `null` for a class that the ground truth does not have. */
  readonly iou: Readonly<Record<string, number | null>>;
}

/** Scores of a network on scans. */
export interface BothScanScores {
  /**
   * Over all points that have a label, also those that no pixel shows. A point without a predicted class, such as one
   * that the projection leaves out, is a miss.
   */
  readonly points: NamedScanScores;
  /** Over the pixels of the range images that show a point with a label. */
  readonly pixels: NamedScanScores;
}

/** What was counted: two matrices `[C, C + 1]`, as `scoreWithMisses` takes them. */
export interface ScanCounts {
  /** Of points. */
  readonly points: ArrayLike<number>;
  /** Of pixels. */
  readonly pixels: ArrayLike<number>;
}

/** The scores in both matrices. */
export function namedScanScores({ points, pixels }: ScanCounts, classes: readonly string[]): BothScanScores {
  const named = (counts: ArrayLike<number>): NamedScanScores => {
    const { iou, ...scores } = scoreWithMisses(counts);
    return { ...scores, iou: Object.fromEntries(classes.map((name, id) => [name, iou[id] ?? null])) };
  };
  return { points: named(points), pixels: named(pixels) };
}

/**
 * The scores over points as one figure a class, and their mean. With the rule `zero` a class that the ground truth does
 * not have is 0 and counts, as in the official evaluators; with `null` it is left out.
 */
export function pointScores(
  { miou, miouPresent, iou }: NamedScanScores,
  absent: AbsentRule = "null",
): { miou: number | null; iou: Readonly<Record<string, number | null>> } {
  if (absent === "null" || miou === null) return { miou: miouPresent, iou };
  return { miou, iou: Object.fromEntries(Object.entries(iou).map(([name, value]) => [name, value ?? 0])) };
}
