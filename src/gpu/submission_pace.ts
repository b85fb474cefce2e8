/**
 * How much work goes into one submission. Drivers end a submission that holds the GPU for too long (Windows after 2 s),
 * and the program itself cannot stop one. So a long run is cut into several submissions. Where to cut follows from the
 * estimated cost of the launches and from how fast the adapter has been so far.
 *
 * @module
 */

/** Seconds that a submission should take at most. A single launch that takes longer is submitted by itself. */
const longestSeconds = 0.25;
/** Operations per second of an adapter that nothing is known of yet: those of a slow integrated GPU. */
const firstRate = 5e10;
/**
 * The least cost of a workgroup, in floating-point operations. Many kernels compute little and move much. So each of 64
 * invocations is taken to move 48 bytes, and a byte to take as long as 10 operations.
 */
const costOfWorkgroup = 64 * 48 * 10;

/**
 * What a launch costs, in floating-point operations: those that it states, or those that moving its bytes is worth,
 * whichever is more.
 */
export function launchCost(workgroups: readonly [number, number, number], flops = 0): number {
  return Math.max(flops, costOfWorkgroup * workgroups[0] * workgroups[1] * workgroups[2]);
}

/** Work that has been submitted and is not known to be done. */
export interface PendingWork {
  readonly cost: number;
  /** When the adapter began with it, in milliseconds, as far as is known: it may have begun a little earlier. */
  readonly since: number;
}

/** Estimates how fast an adapter is, from the time until its work is done. */
export class SubmissionPace {
  #rate = firstRate;
  #pending: PendingWork = { cost: 0, since: 0 };

  /** @param now tells the time in milliseconds. */
  constructor(readonly now: () => number = () => performance.now()) {}

  /** The cost at which a submission is long enough and should end. */
  get longest(): number {
    return this.#rate * longestSeconds;
  }

  /** Counts work that was submitted. */
  add(cost: number): void {
    const { cost: before, since } = this.#pending;
    this.#pending = { cost: before + cost, since: before === 0 ? this.now() : since };
  }

  /** All work that is not known to be done. Ask before a wait, and hand it to `done` after. */
  get pending(): PendingWork {
    return this.#pending;
  }

  /**
   * Tells that all this work is done. The wait took at least as long as the work, so the adapter is at least as fast as
   * cost over time.
   */
  done({ cost, since }: PendingWork): void {
    const now = this.now();
    if (cost > 0 && now > since) this.#rate = Math.max(this.#rate, cost / (now - since) * 1000);
    this.#pending = { cost: Math.max(0, this.#pending.cost - cost), since: now };
  }
}
