/**
 * Learning-rate schedules: the factor on the base rate as a function of the step.
 *
 * @module
 */

/** How the learning rate changes over a training. */
export interface Schedule {
  /**
   * `constant`; `poly`: (1 − step/total)^power, as in DeepLab; `step`: × `gamma` every `every` steps.
   */
  readonly kind: "constant" | "poly" | "step";
  /** Exponent of `poly`. Default 0.9. */
  readonly power?: number;
  /** Steps after which `poly` reaches 0. */
  readonly total?: number;
  /** Factor of `step`. Default 0.1. */
  readonly gamma?: number;
  /** Interval of `step`. */
  readonly every?: number;
  /** The first `warmUp` steps are multiplied by (step + 1)/warmUp. Default 0. */
  readonly warmUp?: number;
}

/** The factor at `step`, counted from 0. */
export function scheduleFactor(schedule: Schedule, step: number): number {
  const { warmUp = 0 } = schedule;
  const warm = warmUp > 0 ? Math.min(1, (step + 1) / warmUp) : 1;
  return warm * decay(schedule, step);
}

function decay(schedule: Schedule, step: number): number {
  switch (schedule.kind) {
    case "constant":
      return 1;
    case "poly":
      return Math.max(0, 1 - step / (schedule.total ?? 1)) ** (schedule.power ?? 0.9);
    case "step":
      return (schedule.gamma ?? 0.1) ** Math.floor(step / (schedule.every ?? Infinity));
  }
}
