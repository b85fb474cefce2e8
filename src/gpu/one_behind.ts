/**
 * Waiting one piece of work late. The program submits a piece of work and only then waits for the piece before it, so
 * that the GPU always has something to do.
 *
 * @module
 */

/** The result that is not waited for yet. */
export class OneBehind<T> {
  #waiting: Promise<T> | null = null;

  /** Keeps a result for later. A failure is thrown when it is taken, and does not count as unhandled before. */
  keep(result: Promise<T>): void {
    result.catch(() => {});
    this.#waiting = result;
  }

  /** The result that was kept; `null` where there is none. */
  async take(): Promise<T | null> {
    const result = this.#waiting;
    this.#waiting = null;
    return result === null ? null : await result;
  }

  /** Keeps a result, and waits for the one before. */
  async exchange(result: Promise<T>): Promise<T | null> {
    const before = this.take();
    this.keep(result);
    return await before;
  }
}
