/**
 * What changes from round to round: the portion of pseudo-labels, the portion of source images and the learning rate.
 * The two released programs count differently, and so do we, to the last bit: rank and image counts are floors of products
 * with these numbers.
 *
 * @module
 */

/** Whose rules for portions: `crst` of the released PyTorch code, `mxnet` of the released MXNet code. */
export type PortionRule = "crst" | "mxnet";

/** A portion that grows from round to round; all are shares of 1. */
export interface PortionSchedule {
  /** The portion of the first round. */
  initial: number;
  /** What is added each round. */
  step: number;
  /** Where it stops growing. */
  maximum: number;
}

/** How the learning rate changes from round to round. */
export type RoundLearningRate = "constant" | "sqrt2";

/**
 * The portion of each of `rounds` rounds. Rule `crst` (default): `min(portion + step, maximum)` in float64, its drift kept.
 * Rule `mxnet`: as long as the portion is below the maximum the step is added, unclamped; the value used is the one with 12
 * significant digits. So 0.2 with step 0.05 and maximum 0.5 ends at 0.5 by `crst` and at 0.55 by `mxnet`.
 *
 * @throws {RangeError} where a portion is outside `[0, 1]` or the step is negative.
 *
 * Source: yzou2/CRST `crst_seg.py`, yzou2/CBST `solve_AO.py`.
 */
export function portions(schedule: PortionSchedule, rounds: number, rule: PortionRule = "crst"): number[] {
  const { initial, step, maximum } = schedule;
  requirePortion("initial", initial);
  requirePortion("maximum", maximum);
  if (!(step >= 0)) throw new RangeError(`Portions cannot grow by ${step}: the step must be 0 or more`);
  const values: number[] = [];
  let portion = initial;
  for (let round = 0; round < rounds; round++) {
    values.push(rule === "mxnet" ? Number(portion.toPrecision(12)) : portion);
    if (rule === "crst") portion = Math.min(portion + step, maximum);
    else if (portion < maximum) portion += step;
  }
  return values;
}

/** The number of source images of each round: the floor of `imageCount` times its portion, at least 1 where the portion is not 0. */
export function sourceImageCounts(imageCount: number, sourcePortions: readonly number[]): number[] {
  return sourcePortions.map((portion) => {
    const count = Math.floor(imageCount * portion);
    return portion > 0 && imageCount > 0 ? Math.max(1, count) : count;
  });
}

/** The learning rate of each of `rounds` rounds: `constant`, or `sqrt2`: divided by √2 to the power of the round, counted from 0. */
export function roundLearningRates(learningRate: number, rounds: number, policy: RoundLearningRate): number[] {
  return Array.from(
    { length: rounds },
    (_, round) => policy === "sqrt2" ? learningRate / Math.SQRT2 ** round : learningRate,
  );
}

function requirePortion(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`The ${name} portion is ${value}, expected a share in [0, 1]`);
}
