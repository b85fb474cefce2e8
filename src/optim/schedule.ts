/**
 * Learning-rate schedules: by which factor the base rate is multiplied at each step.
 *
 * @module
 */

/** How the learning rate changes over a training. */
export interface Schedule {
  /**
   * `constant`: 1. `poly`: (1 − step/total)^power, as in DeepLab. `step`: multiplied by `gamma` after every `every`
   * steps.
   */
  readonly kind: "constant" | "poly" | "step";
  /** Exponent of `poly`. Default 0.9. */
  readonly power?: number;
  /** Number of steps after which `poly` reaches 0. */
  readonly total?: number;
  /** What `step` multiplies by. Default 0.1. */
  readonly gamma?: number;
  /** Number of steps between two multiplications of `step`. */
  readonly every?: number;
  /** In the first `warmUp` steps the factor is multiplied by (step + 1)/warmUp. Default 0. */
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
