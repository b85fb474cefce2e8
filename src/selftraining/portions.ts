/**
 * What changes from round to round: the portion of pseudo-labels, the portion of source images and the learning rate.
 *
 * The two released programs compute the portions differently. Both ways are offered and repeat the released ones to the
 * last bit. This matters, as ranks and numbers of images are floors of products with these numbers.
 *
 * @module
 */

/** Which released program's rule for the portions: the PyTorch one (`crst`) or the MXNet one (`mxnet`). */
export type PortionRule = "crst" | "mxnet";

/** A portion that grows from round to round. All numbers lie between 0 and 1. */
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
 * The portion of each of `rounds` rounds.
 *
 * Rule `crst` (default): each round's portion is `min(portion + step, maximum)` in float64, rounding errors included.
 * Rule `mxnet`: the step is added as long as the portion is below the maximum, so that the sum may exceed it; the value
 * that is used is rounded to 12 significant digits. So 0.2 with step 0.05 and maximum 0.5 ends at 0.5 by `crst` and at
 * 0.55 by `mxnet`.
 *
 * @throws {RangeError} if a portion is outside `[0, 1]` or the step is negative.
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

/** The number of source images of each round: ⌊`imageCount` · portion⌋, at least 1 unless the portion is 0. */
export function sourceImageCounts(imageCount: number, sourcePortions: readonly number[]): number[] {
  return sourcePortions.map((portion) => {
    const count = Math.floor(imageCount * portion);
    return portion > 0 && imageCount > 0 ? Math.max(1, count) : count;
  });
}

/**
 * The learning rate of each of `rounds` rounds. `constant`: the same in all. `sqrt2`: divided by √2 to the power of the
 * round, counted from 0.
 */
export function roundLearningRates(learningRate: number, rounds: number, policy: RoundLearningRate): number[] {
  return Array.from(
    { length: rounds },
    (_, round) => policy === "sqrt2" ? learningRate / Math.SQRT2 ** round : learningRate,
  );
}

function requirePortion(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`The ${name} portion is ${value}, expected a share in [0, 1]`);
}
