/**
 * When to wait for the GPU. Its queue must stay short: then Ctrl-C works soon, progress is current, and buffers written
 * for submitted work do not pile up.
 *
 * Waiting after every piece of work would be too often, even one piece behind. A wait in Deno holds up the whole
 * program until the queue is empty, in steps of 10 ms. Until the next piece is ready the GPU then has nothing to do.
 *
 * @module
 */

/** Pieces of work between two waits: at first, and at most. The faster they are done, the more they become. */
const firstPieces = 8;
export const mostPieces = 64;
/** When less time than this has passed between two waits, in milliseconds, the number of pieces is doubled. */
const shortTime = 250;
/** Default of the bytes between two waits. */
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
   * @param bytes that were written for it, or that wait to be read.
   * @param pieces how many runs of a network it is, or of something that takes as long.
   * @returns whether to wait now. If so, counting begins anew.
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
