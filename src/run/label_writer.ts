/**
 * Pseudo-labels on their way to their files: compressed, written and compared with the truth by Workers, while the GPU goes
 * on.
 *
 * @module
 */

import { defaultWorkers, WorkerPool } from "../data/worker_pool.ts";
import { syncFiles } from "../disk/files.ts";
import type { LabelCounts, LabelWork } from "./label_worker.ts";

/** Most images under way, so that their labels do not pile up in memory. */
const maxWaiting = 64;

/** Writes pseudo-labels. Close it when done: `await using writer = new LabelWriter(classes)`. */
export class LabelWriter {
  readonly #pool: WorkerPool<LabelWork, LabelCounts>;
  readonly #judged: number[];
  readonly #right: number[];
  readonly #paths: string[] = [];
  #waiting: Promise<LabelCounts>[] = [];

  /** @param workers number of Workers, which start at once. */
  constructor(readonly classes: number, workers: number = defaultWorkers()) {
    this.#judged = new Array<number>(classes).fill(0);
    this.#right = new Array<number>(classes).fill(0);
    this.#pool = new WorkerPool(
      () => new Worker(new URL("./label_worker.ts", import.meta.url), { type: "module" }),
      workers,
      { action: "write labels", owner: "writer", worker: "labelling worker" },
    );
    this.#pool.start();
  }

  /**
   * Begins to write the labels of an image; waits only where too many are under way.
   *
   * @param labels of the image; taken away from the caller.
   * @throws {Error} if the file of an earlier image could not be written.
   */
  async write(image: Omit<LabelWork, "classes">): Promise<void> {
    const written = this.#pool.run({ ...image, classes: this.classes }, [image.labels.buffer]);
    this.#paths.push(image.path);
    // A failure is thrown when its turn comes; it must not count as unhandled before.
    written.catch(() => {});
    this.#waiting.push(written);
    if (this.#waiting.length > maxWaiting) await this.#takeOne();
  }

  /**
   * Waits until all files are on the disk.
   *
   * @returns of each class, the share of its labels that are right; `null` where that is unknown.
   * @throws {Error} if a file could not be written.
   */
  async finish(): Promise<(number | null)[]> {
    while (this.#waiting.length > 0) await this.#takeOne();
    await syncFiles(this.#paths);
    return this.#judged.map((count, id) => count > 0 ? (this.#right[id] ?? 0) / count : null);
  }

  /** Ends the Workers, once the files that are under way are whole. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#waiting);
    this.#pool.close();
  }

  async #takeOne(): Promise<void> {
    const { judged, right } = await this.#waiting.shift() ?? { judged: [], right: [] };
    for (const [sums, counts] of [[this.#judged, judged], [this.#right, right]] as const) {
      for (const [id, count] of counts.entries()) sums[id] = (sums[id] ?? 0) + count;
    }
  }
}
