/**
 * Notices a self-training run that goes wrong, without looking at target labels: a class whose predicted share runs away
 * from round to round, or dies. The released code had no such watch, and its users met collapses to 3 % mIoU.
 *
 * @module
 */

/** Growth of the odds of a class from the first round that counts as running away; of the odds, as a share ends at 1. */
const runawayGrowth = 2.5;
/** A class is only said to run away above this share. */
const runawayShare = 0.05;
/** A class dies when its share falls below this part of its share in the first round. */
const dyingShrinkage = 0.2;
/** Shares below this in the first round are noise. */
const noiseShare = 1e-4;

/** How a class goes wrong. */
export type CollapseKind = "runs away" | "dies";

/** A class that goes wrong. */
export interface CollapseWarning {
  /** Name of the class. */
  readonly className: string;
  /** What goes wrong. */
  readonly kind: CollapseKind;
  /** Its share of the predicted pixels in round 1, from 0 to 1. */
  readonly firstShare: number;
  /** Its share in `round`. */
  readonly share: number;
  /** The last round, counted from 1. */
  readonly round: number;
}

/**
 * The classes that ran away or died, from the predicted pixels of each class in each round so far.
 *
 * @param predicted `[round][class]`, the rounds in order.
 */
export function collapseWarnings(
  predicted: readonly (readonly number[])[],
  classes: readonly string[],
): CollapseWarning[] {
  const first = shares(predicted[0] ?? []);
  const last = shares(predicted.at(-1) ?? []);
  if (predicted.length < 2) return [];
  return classes.flatMap((className, id) => {
    const firstShare = first[id] ?? 0;
    const share = last[id] ?? 0;
    const kind = collapseKind(firstShare, share);
    return kind === null ? [] : [{ className, kind, firstShare, share, round: predicted.length }];
  });
}

/** A warning as a sentence without its full stop. */
export function collapseText({ className, kind, firstShare, share, round }: CollapseWarning): string {
  return `The class "${className}" ${kind}: predicted from ${
    percent(firstShare)
  } of the target's pixels in round 1 to ${percent(share)} in round ${round}`;
}

function collapseKind(before: number, now: number): CollapseKind | null {
  if (now > runawayShare && odds(now) > runawayGrowth * odds(before)) return "runs away";
  return before > noiseShare && now < dyingShrinkage * before ? "dies" : null;
}

function shares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => total > 0 ? count / total : 0);
}

function odds(share: number): number {
  return share / (1 - share);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
}
