/**
 * How much goes into one submission. Drivers end what holds a GPU for too long (Windows after 2 s), and nothing can stop a
 * submission, so a long run is cut into several by what its launches cost, and by how fast the adapter has been so far.
 *
 * @module
 */

/** Seconds that a submission should take at most, but for a single launch that takes longer. */
const longestSeconds = 0.25;
/** Operations per second of an adapter that nothing is known of yet: those of a slow integrated GPU. */
const firstRate = 5e10;
/** Operations that as many bytes are worth as the invocations of a workgroup move: 48 each, at 10 operations a byte. */
const costOfWorkgroup = 64 * 48 * 10;

/** What a launch costs, in floating-point operations: those it states, or what it moves. */
export function launchCost(workgroups: readonly [number, number, number], flops = 0): number {
  return Math.max(flops, costOfWorkgroup * workgroups[0] * workgroups[1] * workgroups[2]);
}

/** What has been submitted at some time and is not known to be done. */
export interface PendingWork {
  readonly cost: number;
  /** When the adapter began with it, in milliseconds, or later. */
  readonly since: number;
}

/** Knows how fast an adapter is, from when what it was given was done. */
export class SubmissionPace {
  #rate = firstRate;
  #pending: PendingWork = { cost: 0, since: 0 };

  /** @param now tells the time in milliseconds. */
  constructor(readonly now: () => number = () => performance.now()) {}

  /** The cost at which a submission is long enough. */
  get longest(): number {
    return this.#rate * longestSeconds;
  }

  /** Counts what is submitted. */
  add(cost: number): void {
    const { cost: before, since } = this.#pending;
    this.#pending = { cost: before + cost, since: before === 0 ? this.now() : since };
  }

  /** What is waited for now. */
  get pending(): PendingWork {
    return this.#pending;
  }

  /** All that was pending then is done. A wait is at least as long as the work, so the adapter is at least so fast. */
  done({ cost, since }: PendingWork): void {
    const now = this.now();
    if (cost > 0 && now > since) this.#rate = Math.max(this.#rate, cost / (now - since) * 1000);
    this.#pending = { cost: Math.max(0, this.#pending.cost - cost), since: now };
  }
}
