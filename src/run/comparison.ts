/**
 * The scores of a finished run beside the published row that its recipe is made to reproduce, class by class.
 *
 * @module
 */

import { labelSetNames } from "../data/label_set_names.ts";
import { labelSet } from "../data/label_sets.ts";
import { meanOf } from "../metrics/confusion.ts";
import type { SplitScores } from "../selftraining/evaluation.ts";
import type { Expectation } from "../settings/expectation.ts";

/** A figure in % as published and as the run reached it; `null` where one is not known. */
export interface ComparedFigure {
  readonly published: number | null;
  readonly reached: number | null;
  readonly difference: number | null;
}

/** A run beside a published row. */
export interface Comparison {
  /** Where the row stands. */
  readonly source: string;
  /** Whether the row was read there, or is recalled from memory. */
  readonly cited: Expectation["cited"];
  readonly miou: ComparedFigure;
  /** The row that is trained on the labelled part alone, beside the scores before the rounds; absent where there is none. */
  readonly supervised?: ComparedFigure;
  /** By the class's name. */
  readonly classes: Readonly<Record<string, ComparedFigure>>;
  /** Means over fewer classes, by the name of their label set. */
  readonly subsets: Readonly<Record<string, ComparedFigure>>;
  /** Why the figures cannot be compared; `null` where they can. */
  readonly obstacle: string | null;
}

/**
 * Compares.
 *
 * @param scores of the run; `null` where nothing was scored.
 * @param sourceOnly scores before the rounds; `null` where there are none.
 */
export function compare(
  expect: Expectation,
  scores: SplitScores | null,
  sourceOnly: SplitScores | null = null,
): Comparison {
  const { source, cited } = expect;
  const name = expect["label-set"];
  const names = classesOf(name);
  const obstacle = scores === null
    ? "nothing was scored"
    : names.join("\n") !== Object.keys(scores.iou).join("\n")
    ? `the run scored other classes than those of ${name}`
    : null;
  const iou = obstacle === null ? scores?.iou ?? {} : {};
  const figure = (published: number | null | undefined, share: number | null | undefined): ComparedFigure => {
    const reached = share === null || share === undefined ? null : twoDigits(share * 100);
    const known = published ?? null;
    return {
      published: known,
      reached,
      difference: known === null || reached === null ? null : twoDigits(reached - known),
    };
  };
  const subsets = Object.entries(expect.subsets).map(([subset, published]) => {
    const values = classesOf(subset).map((one) => iou[one] ?? null);
    return [subset, figure(published, obstacle === null ? meanOf(values) : null)] as const;
  });
  return {
    ...{ source, cited },
    miou: figure(expect.miou, obstacle === null ? scores?.miou : null),
    ...expect.supervised === undefined
      ? {}
      : { supervised: figure(expect.supervised, obstacle === null ? sourceOnly?.miou : null) },
    classes: Object.fromEntries(names.map((one, id) => [one, figure(expect.classes?.[id], iou[one])])),
    subsets: Object.fromEntries(subsets),
    obstacle,
  };
}

/** The rows of a table: what, published, reached, difference. */
export function comparisonRows({ miou, supervised, classes, subsets }: Comparison): string[][] {
  const percent = (value: number | null) => value === null ? "–" : value.toFixed(1);
  const row = (name: string, { published, reached, difference }: ComparedFigure) => [
    ...[name, percent(published), percent(reached)],
    difference === null ? "–" : `${difference >= 0 ? "+" : ""}${difference.toFixed(1)}`,
  ];
  return [
    ["class", "published", "reached", "difference"],
    ...Object.entries(classes).map(([name, figure]) => row(name, figure)),
    row("mIoU", miou),
    ...supervised === undefined ? [] : [row("mIoU, supervised only", supervised)],
    ...Object.entries(subsets).map(([name, figure]) => row(`mIoU over ${name}`, figure)),
  ];
}

/** The classes of a built-in label set; none where there is no such set. */
function classesOf(name: string): readonly string[] {
  return labelSetNames.some((known) => known === name) ? labelSet(name).classes : [];
}

function twoDigits(value: number): number {
  return Math.round(value * 100) / 100;
}
