/**
 * Learning-rate schedules: by which factor the base rate is multiplied at each step.
 *
 * @module
 */

/** How the learning rate changes over a training. */
export interface Schedule {
  /**
   * `constant`: 1. `poly`: (1 − step/total)^power, as in DeepLab. `step`: multiplied by `gamma` after every `every`
   * steps. `one-cycle` (Smith and Topin, 2018, as PyTorch's): over the first fifth up from 1/25 to 1, then down to 1/2500
   * by the last step, both along half a cosine.
   */
  readonly kind: "constant" | "poly" | "step" | "one-cycle";
  /** Exponent of `poly`. Default 0.9. */
  readonly power?: number;
  /** Number of steps after which `poly` reaches 0; all steps of `one-cycle`. */
  readonly total?: number;
  /** What `step` multiplies by. Default 0.1. */
  readonly gamma?: number;
  /** Number of steps between two multiplications of `step`. */
  readonly every?: number;
  /**
   * In the first `warmUp` steps the factor is multiplied by (step + 1)/warmUp. Default 0. `one-cycle` has a rise of its
   * own and knows no other.
   */
  readonly warmUp?: number;
}

/** The factor at `step`, counted from 0. */
export function scheduleFactor(schedule: Schedule, step: number): number {
  const { warmUp = 0 } = schedule;
  if (schedule.kind === "one-cycle") return cycled(schedule, step, [1 / 25, 1, 1 / 2500]);
  const warm = warmUp > 0 ? Math.min(1, (step + 1) / warmUp) : 1;
  return warm * decay(schedule, step);
}

/**
 * The momentum at `step` if the schedule changes it too: with `one-cycle` it falls from 0.95 to 0.85 while the rate rises,
 * and rises again while that falls. `undefined` for the others.
 */
export function scheduleMomentum(schedule: Schedule, step: number): number | undefined {
  return schedule.kind === "one-cycle" ? cycled(schedule, step, [0.95, 0.85, 0.95]) : undefined;
}

/** The share of the steps of `one-cycle` in which the rate rises. */
const rise = 0.2;

/** From the first of three values to the second while the rate rises, then to the third, along halves of a cosine. */
function cycled(
  { total = 1 }: Schedule,
  step: number,
  [start, top, end]: readonly [number, number, number],
): number {
  // With five steps and fewer the first is at the top already.
  const turn = Math.max(0, rise * total - 1);
  const fall = total - 1 - turn;
  const [from, to, share] = step < turn
    ? [start, top, step / turn]
    : [top, end, fall > 0 ? Math.min(1, (step - turn) / fall) : 0];
  return to + (from - to) / 2 * (1 + Math.cos(Math.PI * share));
}

function decay(schedule: Schedule, step: number): number {
  switch (schedule.kind) {
    case "constant":
    case "one-cycle":
      return 1;
    case "poly":
      return Math.max(0, 1 - step / (schedule.total ?? 1)) ** (schedule.power ?? 0.9);
    case "step":
      return (schedule.gamma ?? 0.1) ** Math.floor(step / (schedule.every ?? Infinity));
  }
}
