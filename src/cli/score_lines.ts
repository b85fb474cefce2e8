/**
 * Scores as lines of text: what `crosswalk evaluate` prints, and the rows of scans in the table of a run.
 *
 * @module
 */

import { shown } from "../report/terminal.ts";
import type { SplitScores } from "../selftraining/evaluation.ts";
import type { NamedScanScores } from "../selftraining/scan_scores.ts";

/** The scores of a split, a line each, in %. */
export function scoreLines(scores: SplitScores): string[] {
  const { points, pixels } = scores;
  return points !== undefined && pixels !== undefined ? scanLines(points, pixels) : imageLines(scores);
}

function imageLines({ iou, miou, subsets = {}, pixelAccuracy }: SplitScores): string[] {
  const rows: [string, number | null][] = [
    ...Object.entries(iou),
    ["mIoU", miou],
    ...Object.entries(subsets).map(([name, value]): [string, number | null] => [`mIoU of ${name}`, value]),
    ["pixel accuracy", pixelAccuracy],
  ];
  const width = Math.max(...rows.map(([name]) => shown(name).length), 14);
  return rows.map(([name, value]) => `${shown(name).padEnd(width)}  ${percent(value)}`);
}

/** The means over classes of scans: what they are called, and where they stand. */
const means = [
  ["mIoU over all classes", "miou"],
  ["mIoU over the classes present", "miouPresent"],
  ["accuracy", "accuracy"],
] as const;

function scanLines(points: NamedScanScores, pixels: NamedScanScores): string[] {
  const rows = [
    ["IoU in %", "points", "pixels"],
    ...Object.entries(points.iou).map(([name, value]) => [shown(name), percent(value), percent(pixels.iou[name])]),
    ...means.map(([name, key]) => [name, percent(points[key]), percent(pixels[key])]),
  ];
  const width = Math.max(...rows.map(([name = ""]) => name.length));
  return rows.map(([name = "", ...values]) =>
    [name.padEnd(width), ...values.map((text) => text.padStart(6))].join("  ")
  );
}

/** Scores that may be those of scans. */
export interface MaybeScans {
  readonly points?: Pick<NamedScanScores, "miou" | "miouPresent" | "accuracy"> | undefined;
  readonly pixels?: Pick<NamedScanScores, "miou" | "miouPresent" | "accuracy"> | undefined;
}

/** The figures of scans that are no class: the name of each, and the figure in scores. */
export const scanFigures: readonly (readonly [string, (scores: MaybeScans | null | undefined) => number | null])[] = (
  ["points", "pixels"] as const
).flatMap((what) =>
  means.map(([name, key]) => {
    const title = key === "accuracy" ? `accuracy over ${what}` : `${name}, ${what}`;
    return [title, (scores: MaybeScans | null | undefined) => scores?.[what]?.[key] ?? null] as const;
  })
);

/** A share in %. */
function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : (value * 100).toFixed(1);
}
