/**
 * When to wait for the GPU, so that its queue stays short: Ctrl-C and progress are then near, and what was written for
 * submitted work does not pile up.
 *
 * Not after every piece of work, even one behind: a wait in Deno holds up the whole program until the queue is empty, in steps
 * of 10 ms, and the GPU has nothing to do until the next piece is ready.
 *
 * @module
 */

/** Pieces of work between two waits, at first and at most: the faster they are done, the more. */
const firstPieces = 8;
const mostPieces = 64;
/** With less time than this between two waits, in milliseconds, twice as many pieces come before the next. */
const shortTime = 250;
/** Bytes written for them, where nothing else is said. */
const defaultBytes = 64 * 2 ** 20;

/** Counts what was submitted since the last wait. */
export class QueueBound {
  #maxPieces = firstPieces;
  #pieces = 0;
  #bytes = 0;
  #lastWait: number;

  /**
   * @param maxBytes bytes between two waits.
   * @param now tells the time in milliseconds.
   */
  constructor(readonly maxBytes: number = defaultBytes, readonly now: () => number = () => performance.now()) {
    this.#lastWait = now();
  }

  /**
   * Counts submitted work.
   *
   * @param bytes written for it, or waiting to be read.
   * @param pieces runs of a network, or of what takes as long.
   * @returns whether to wait now; counting then begins anew.
   */
  add(bytes: number, pieces = 1): boolean {
    this.#bytes += bytes;
    this.#pieces += pieces;
    if (this.#pieces < this.#maxPieces && this.#bytes < this.maxBytes) return false;
    const now = this.now();
    if (now - this.#lastWait < shortTime) this.#maxPieces = Math.min(mostPieces, 2 * this.#maxPieces);
    this.#lastWait = now;
    this.#pieces = 0;
    this.#bytes = 0;
    return true;
  }
}
