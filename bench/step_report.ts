/**
 * What `crosswalk bench step` says: medians, whether each engine's results are right, and the ratios.
 *
 * @module
 */

import { median } from "../src/gpu/timing.ts";

/** How far the losses of the first steps may be from PyTorch's, relative to them. */
export const lossTolerance = 1e-3;
/** How far the sampled logits may be from PyTorch's, relative to the largest of them. */
export const logitsTolerance = 1e-3;

/** What PyTorch says in float64 (`bench/reference.json`). */
export interface ReferenceValues {
  /** Losses before the first, second and third update. */
  readonly losses: readonly number[];
  /** Elements of the interpolated logits `[N, C, H, W]` of an inference, and their values. */
  readonly forward: { readonly index: readonly number[]; readonly value: readonly number[] };
}

/** All runs of one engine. The first of each kind is its warm-up. */
export interface EngineRuns {
  /** Milliseconds of each step. */
  readonly stepTimes: readonly number[];
  /** Loss of each step. */
  readonly losses: readonly number[];
  /** Milliseconds of each inference. */
  readonly forwardTimes: readonly number[];
  /** The sampled logits of the first inference; `null` where there is none. */
  readonly samples: readonly number[] | null;
  /** Why the engine did not start, or stopped. */
  readonly error?: string;
}

/** One peer's row. */
export interface PeerReport {
  /** Median time of a training step; `null` where there is none. */
  readonly stepMs: number | null;
  /** Median time of an inference; `null` where there is none. */
  readonly forwardMs: number | null;
  /** Whether the results agree with PyTorch's. */
  readonly correct: { readonly step: boolean; readonly forward: boolean };
  /** Why the engine did not start, or stopped. */
  readonly error?: string;
}

/** The object that `bench step --json` prints. */
export interface StepReport {
  readonly ours: { readonly stepMs: number; readonly forwardMs: number; readonly gflops: number };
  readonly peers: Readonly<Record<string, PeerReport>>;
  /** PyTorch on the CPU, in no ratio; absent where it was not asked for. */
  readonly pytorch?: PeerReport;
  /** Time of the fastest right peer over ours. `null` where no peer is right. */
  readonly ratio: { readonly step: number | null; readonly forward: number | null };
}

/** Whether losses are right as far as they were computed; `false` where none was. */
export function lossesAreRight(losses: readonly number[], reference: ReferenceValues): boolean {
  return losses.length > 0 &&
    reference.losses.slice(0, losses.length).every((wanted, step) =>
      Math.abs((losses[step] ?? NaN) - wanted) <= lossTolerance * Math.abs(wanted)
    );
}

/** Whether the sampled logits are right; `false` where there are none. */
export function samplesAreRight(samples: readonly number[] | null, { forward }: ReferenceValues): boolean {
  const largest = Math.max(...forward.value.map(Math.abs));
  return samples !== null &&
    forward.value.every((wanted, index) => Math.abs((samples[index] ?? NaN) - wanted) <= logitsTolerance * largest);
}

/**
 * The median of all runs except the warm-up. It is the warm-up where that is the only run, and `null` where there is
 * none.
 */
export function typicalTime(times: readonly number[]): number | null {
  return times.length === 0 ? null : median(times.length > 1 ? times.slice(1) : times);
}

/**
 * The report.
 *
 * @param stepFlops floating-point operations of a step in the direct form.
 * @throws {Error} if our own results are wrong, since then none of our times counts.
 */
export function stepReport(
  ours: EngineRuns,
  peers: ReadonlyMap<string, EngineRuns>,
  reference: ReferenceValues,
  stepFlops: number,
): StepReport {
  const stepMs = typicalTime(ours.stepTimes);
  const forwardMs = typicalTime(ours.forwardTimes);
  if (stepMs === null || forwardMs === null) throw new Error("The reference workload was not run");
  if (!lossesAreRight(ours.losses, reference)) {
    throw new Error(
      `The reference step is wrong on this adapter: its losses are ${ours.losses.slice(0, 3).join(", ")}, ` +
        `PyTorch's ${reference.losses.join(", ")}. Run crosswalk doctor to find the kernel`,
    );
  }
  if (!samplesAreRight(ours.samples, reference)) {
    throw new Error(
      "The logits of the reference network are wrong on this adapter. Run crosswalk doctor to find the kernel",
    );
  }
  const reports = new Map([...peers].map(([name, runs]) => [name, peerReport(runs, reference)]));
  const { pytorch, ...rows } = Object.fromEntries(reports);
  const fastest = (of: "step" | "forward") => {
    // A peer's warm-up includes what it compiles, and would flatter us. So a warm-up alone does not count.
    const times = [...peers].filter(([name]) => rows[name]?.correct[of])
      .map(([, { stepTimes, forwardTimes }]) => of === "step" ? stepTimes : forwardTimes)
      .filter(({ length }) => length > 1).map(typicalTime).filter((time) => time !== null);
    return times.length === 0 ? null : Math.min(...times);
  };
  const ratio = (theirs: number | null, own: number) => theirs === null ? null : theirs / own;
  return {
    ours: { stepMs, forwardMs, gflops: stepFlops / stepMs / 1e6 },
    peers: rows,
    ...(pytorch === undefined ? {} : { pytorch }),
    ratio: { step: ratio(fastest("step"), stepMs), forward: ratio(fastest("forward"), forwardMs) },
  };
}

function peerReport(
  { stepTimes, forwardTimes, losses, samples, error }: EngineRuns,
  reference: ReferenceValues,
): PeerReport {
  return {
    stepMs: typicalTime(stepTimes),
    forwardMs: typicalTime(forwardTimes),
    correct: { step: lossesAreRight(losses, reference), forward: samplesAreRight(samples, reference) },
    ...(error === undefined ? {} : { error }),
  };
}
