/**
 * Writes pseudo-labels to their files. Workers compress and write them and compare them with the truth, while the GPU
 * goes on.
 *
 * @module
 */

import type { Colour } from "../data/encode.ts";
import type { SampleLabelMap } from "../data/sample.ts";
import type { Size } from "../data/size.ts";
import type { RawIdsOfClasses } from "../data/scans/write_labels.ts";
import { defaultWorkers, WorkerPool } from "../data/worker_pool.ts";
import { syncFiles } from "../disk/files.ts";
import { type JudgedCounts, type JudgedShares, type MergedLabels, Precision } from "../selftraining/precision.ts";
import type { LabelSink } from "../selftraining/store.ts";
import type { LabelWork } from "./label_worker.ts";

/** The most images that are being written at one time, so that their labels do not pile up in memory. */
const maxWaiting = 64;

/** Writes pseudo-labels. Close it when done: `await using writer = new LabelWriter(paths, classes, palette)`. */
export class LabelWriter implements LabelSink {
  readonly #pool: WorkerPool<LabelWork, JudgedCounts | null>;
  readonly #precision: Precision;
  #written = 0;
  readonly #softWritten: string[] = [];
  #waiting: Promise<JudgedCounts | null>[] = [];

  /**
   * @param paths the file of each image, in their order.
   * @param palette the colours of the classes.
   * @param options `merge`: what each class is among those of the truth, by default the same; `softPaths`: the file of
   * the soft labels of each image, where there are some; `rawIds`: the id of each class in the label files of scans,
   * where the images are scans; `onWritten`: called when the labels of an image are in their file; `workers`: number of Workers, which start at once.
   */
  constructor(
    readonly paths: readonly string[],
    readonly classes: number,
    readonly palette: readonly Colour[],
    readonly options: {
      readonly merge?: MergedLabels | undefined;
      readonly softPaths?: readonly string[];
      readonly rawIds?: RawIdsOfClasses | undefined;
      readonly onWritten?: ((path: string) => void) | undefined;
      readonly workers?: number;
    } = {},
  ) {
    this.#precision = new Precision(options.merge?.toClasses.length ?? classes);
    this.#pool = new WorkerPool(
      () => new Worker(new URL("./label_worker.ts", import.meta.url), { type: "module" }),
      options.workers ?? defaultWorkers(),
      { action: "write labels", owner: "writer", worker: "labelling worker" },
    );
    this.#pool.start();
  }

  /**
   * Begins to write the labels of the next image. It waits only if too many images are being written.
   *
   * @param size the size of the file. Default: that of the labels.
   * @param words soft labels that go with the labels. Default: none.
   * @throws {Error} if the file of an earlier image could not be written, or there are more images than files.
   */
  async write(
    map: SampleLabelMap,
    truth: Uint8Array<ArrayBuffer> | null,
    size: Size = map,
    words?: Uint32Array<ArrayBuffer>,
  ): Promise<void> {
    const path = this.paths[this.#written];
    const softPath = this.options.softPaths?.[this.#written];
    if (path === undefined || words !== undefined && softPath === undefined) {
      throw new Error(`There is no file for image ${this.#written}`);
    }
    this.#written++;
    const { classes, palette, options: { merge, rawIds } } = this;
    const { height, width } = size;
    const soft = words === undefined || softPath === undefined ? null : { path: softPath, words };
    if (soft !== null) this.#softWritten.push(soft.path);
    const work: LabelWork = { path, map, size: { height, width }, truth, soft, classes, palette, merge, rawIds };
    const moved = [map.labels.buffer, ...soft === null ? [] : [soft.words.buffer]];
    const written = this.#pool.run(work, moved, path);
    // A failure is thrown later, when this promise is awaited. Until then it must not count as an unhandled rejection.
    written.then(() => this.options.onWritten?.(path), () => {});
    this.#waiting.push(written);
    if (this.#waiting.length > maxWaiting) await this.#takeOne();
  }

  /**
   * Waits until all files are on the disk.
   *
   * @returns how good the labels are.
   * @throws {Error} if a file could not be written.
   */
  async finish(): Promise<JudgedShares> {
    while (this.#waiting.length > 0) await this.#takeOne();
    await syncFiles([...this.paths.slice(0, this.#written), ...this.#softWritten]);
    return this.#precision.shares();
  }

  /** Ends the Workers. Files that are being written are finished before. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#waiting);
    this.#pool.close();
  }

  async #takeOne(): Promise<void> {
    const counts = await this.#waiting.shift();
    if (counts) this.#precision.add(counts);
  }
}
