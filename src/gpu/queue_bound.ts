/**
 * When to wait for the GPU, so that its queue stays short: Ctrl-C and progress are then near, and what was written for
 * submitted work does not pile up.
 *
 * Not after every piece of work, even one behind: a wait in Deno holds up the whole program until the queue is empty, and
 * the GPU has nothing to do until the next piece is ready.
 *
 * @module
 */

/** Pieces of work between two waits. */
const maxPieces = 8;
/** Bytes written for them, where nothing else is said. */
const defaultBytes = 64 * 2 ** 20;

/** Counts what was submitted since the last wait. */
export class QueueBound {
  #pieces = 0;
  #bytes = 0;

  /** @param maxBytes bytes between two waits. */
  constructor(readonly maxBytes: number = defaultBytes) {}

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
    if (this.#pieces < maxPieces && this.#bytes < this.maxBytes) return false;
    this.#pieces = 0;
    this.#bytes = 0;
    return true;
  }
}
