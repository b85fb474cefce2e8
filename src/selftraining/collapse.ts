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

/**
 * Sentences about the classes that ran away or died, from the predicted pixels of each class in each round so far.
 *
 * @param predicted `[round][class]`, the rounds in order.
 */
export function collapseWarnings(predicted: readonly (readonly number[])[], classes: readonly string[]): string[] {
  const first = shares(predicted[0] ?? []);
  const last = shares(predicted.at(-1) ?? []);
  if (predicted.length < 2) return [];
  return classes.flatMap((name, id) => {
    const before = first[id] ?? 0;
    const now = last[id] ?? 0;
    const change = `from ${percent(before)} of the target's pixels in round 1 to ${
      percent(now)
    } in round ${predicted.length}`;
    if (now > runawayShare && odds(now) > runawayGrowth * odds(before)) {
      return [`The class "${name}" runs away: predicted ${change}. Try --spatial-prior, or a lower --target-portion`];
    }
    if (before > noiseShare && now < dyingShrinkage * before) {
      return [
        `The class "${name}" dies: predicted ${change}. Try --spatial-prior, a lower --target-portion, or --mining reference`,
      ];
    }
    return [];
  });
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
