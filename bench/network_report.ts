/**
 * What `crosswalk bench step --network` says: times, and whether ours and PyTorch's results agree.
 *
 * @module
 */

import { typicalTime } from "./step_report.ts";

/** How far results may lie apart. */
export const networkTolerance = {
  /** Loss of each of the first steps, relative. */
  loss: 1e-3,
  /**
   * The first step's gradients together, relative in the L2 norm. Where a value lies near a kink of ReLU or a tie of max
   * pooling, rounding alone switches gradients.
   */
  gradients: 3e-2,
  /** The same where activations are kept in 16 bits. */
  halfGradients: 5e-2,
  /** Share of the labels that differ. The scores of two classes may be the same but for rounding. */
  labels: 1e-2,
} as const;

/** All runs of one engine. The first of each kind is its warm-up. */
export interface NetworkRuns {
  /** Milliseconds of each step. */
  readonly stepTimes: readonly number[];
  /** Loss of each step. */
  readonly losses: readonly number[];
  /** Milliseconds of each labelling. */
  readonly labelTimes: readonly number[];
  /** The first step's gradients or their sketches, by the parameter's name. */
  readonly gradients: ReadonlyMap<string, ArrayLike<number>>;
  /** Labels of some pixels; empty where no image was labelled. */
  readonly labels: readonly number[];
}

/** Times of one engine. */
export interface NetworkTimes {
  /** Median time of a step. */
  readonly stepMs: number;
  readonly stepsPerSecond: number;
  /** Median time in which an image is labelled; only with `--label-size`. */
  readonly labelMs?: number;
  readonly labelledPerSecond?: number;
}

/** PyTorch's row. */
export interface PytorchRow extends Partial<NetworkTimes> {
  /** The processor that it ran on. */
  readonly device?: string;
  readonly version?: string;
  /** Whether our results agree with its own. */
  readonly correct: NetworkCorrect;
  /** How far they lie apart; `null` where there was nothing to compare. */
  readonly errors: { readonly loss: number | null; readonly gradients: number | null; readonly labels: number | null };
  /** Why it did not start, or stopped. */
  readonly error?: string;
}

/** What of the results agrees; `labels` only with `--label-size`. */
export interface NetworkCorrect {
  readonly loss: boolean;
  readonly gradients: boolean;
  readonly labels?: boolean;
}

/** The times of an engine. */
export function networkTimes({ stepTimes, labelTimes }: NetworkRuns): NetworkTimes | null {
  const [stepMs, labelMs] = [typicalTime(stepTimes), typicalTime(labelTimes)];
  if (stepMs === null) return null;
  const label = labelMs === null ? {} : { labelMs, labelledPerSecond: 1000 / labelMs };
  return { stepMs, stepsPerSecond: 1000 / stepMs, ...label };
}

/**
 * PyTorch's times, and whether ours agree with it.
 *
 * @param facts `half`: our activations are kept in 16 bits.
 */
export function pytorchRow(
  ours: NetworkRuns,
  theirs: NetworkRuns,
  facts: { readonly half: boolean; readonly device?: string; readonly version?: string; readonly error?: string },
): PytorchRow {
  const { half, ...others } = facts;
  const errors = {
    loss: lossError(ours.losses, theirs.losses),
    gradients: gradientError(ours.gradients, theirs.gradients),
    labels: shareOfOthers(ours.labels, theirs.labels),
  };
  const within = (error: number | null, allowed: number) => error !== null && error <= allowed;
  const { loss, gradients, halfGradients, labels } = networkTolerance;
  return {
    ...others,
    ...networkTimes(theirs),
    correct: {
      loss: within(errors.loss, loss),
      gradients: within(errors.gradients, half ? halfGradients : gradients),
      ...(ours.labels.length === 0 ? {} : { labels: within(errors.labels, labels) }),
    },
    errors,
  };
}

/** The largest relative error of the first losses; `null` where there is none. */
function lossError(ours: readonly number[], theirs: readonly number[]): number | null {
  if (theirs.length === 0) return null;
  return Math.max(
    ...theirs.slice(0, 3).map((wanted, step) => Math.abs((ours[step] ?? NaN) - wanted) / Math.abs(wanted)),
  );
}

/** ‖ours − theirs‖ / ‖theirs‖ of all gradients together; not a number where they are not of the same parameters. */
function gradientError(
  ours: ReadonlyMap<string, ArrayLike<number>>,
  theirs: ReadonlyMap<string, ArrayLike<number>>,
): number | null {
  if (theirs.size === 0) return null;
  if ([...ours.keys()].toSorted().join() !== [...theirs.keys()].toSorted().join()) return NaN;
  let [difference, whole] = [0, 0];
  for (const [name, wanted] of theirs) {
    const own = ours.get(name) ?? [];
    if (own.length !== wanted.length) return NaN;
    for (let index = 0; index < wanted.length; index++) {
      difference += ((own[index] ?? NaN) - (wanted[index] ?? NaN)) ** 2;
      whole += (wanted[index] ?? NaN) ** 2;
    }
  }
  return Math.sqrt(difference / whole);
}

function shareOfOthers(ours: readonly number[], theirs: readonly number[]): number | null {
  if (theirs.length === 0) return null;
  return theirs.filter((label, index) => label !== ours[index]).length / theirs.length;
}
