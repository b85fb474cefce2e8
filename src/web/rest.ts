/**
 * A place where a run can rest.
 *
 * @module
 */

/** Lets a run rest for any time, and go on where it was. */
export class Rest {
  #end: PromiseWithResolvers<void> | null = null;
  #isResting = false;

  /** @param onRest called when the run begins to rest. */
  constructor(readonly onRest: () => void) {}

  /** Whether a rest is wanted. */
  get isWanted(): boolean {
    return this.#end !== null;
  }

  /** Lets the run rest when it comes to the next place for it. */
  begin(): void {
    this.#end ??= Promise.withResolvers<void>();
  }

  /** Lets the run go on. */
  end(): void {
    this.#end?.resolve();
    this.#end = null;
  }

  /** A place for a rest: returns when none is wanted. */
  async here(): Promise<void> {
    if (this.#end === null) return;
    if (!this.#isResting) this.onRest();
    this.#isResting = true;
    while (this.#end !== null) await this.#end.promise;
    this.#isResting = false;
  }
}
