/**
 * Notices a self-training run that goes wrong. It needs no target labels: it watches how large a share of the pixels
 * each class is predicted for. From round to round, a class may run away and swallow the others, or die. The released
 * code has no such watch, and some of its users met collapses to 3 % mIoU.
 *
 * @module
 */

/**
 * A class runs away when its odds, share / (1 − share), grow by this factor from the first round. The share itself
 * cannot show it, as it never exceeds 1.
 */
const runawayGrowth = 2.5;
/** A class does not run away as long as its share is below this. */
const runawayShare = 0.05;
/** A class dies when its share falls below this fraction of its share in the first round. */
const dyingShrinkage = 0.2;
/** A class whose share in the first round is below this is never said to die: so few pixels are noise. */
const noiseShare = 1e-4;

/** How a class goes wrong. */
export type CollapseKind = "runs away" | "dies";

/** A class that goes wrong. */
export interface CollapseWarning {
  /** Name of the class. */
  readonly className: string;
  /** What goes wrong. */
  readonly kind: CollapseKind;
  /** Its share of the predicted pixels in `firstRound`, from 0 to 1. */
  readonly firstShare: number;
  /** The first round of the run, counted from 1: above 1 where the run goes on from another. */
  readonly firstRound: number;
  /** Its share in `round`. */
  readonly share: number;
  /** The round in which this was noticed, counted from 1. */
  readonly round: number;
}

/**
 * The classes that ran away or died. It compares the shares of the predicted pixels in the last round with those in the
 * first.
 *
 * @param predicted number of predicted pixels, `[round][class]`, for all rounds so far.
 * @param firstRound number of the first of these rounds.
 */
export function collapseWarnings(
  predicted: readonly (readonly number[])[],
  classes: readonly string[],
  firstRound = 1,
): CollapseWarning[] {
  const first = shares(predicted[0] ?? []);
  const last = shares(predicted.at(-1) ?? []);
  if (predicted.length < 2) return [];
  const round = firstRound + predicted.length - 1;
  return classes.flatMap((className, id) => {
    const firstShare = first[id] ?? 0;
    const share = last[id] ?? 0;
    const kind = collapseKind(firstShare, share);
    return kind === null ? [] : [{ className, kind, firstShare, firstRound, share, round }];
  });
}

/** A warning as a sentence without its full stop. */
export function collapseText({ className, kind, firstShare, firstRound, share, round }: CollapseWarning): string {
  return `The class "${className}" ${kind}: predicted from ${
    percent(firstShare)
  } of the target's pixels in round ${firstRound} to ${percent(share)} in round ${round}`;
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
