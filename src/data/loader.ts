/**
 * Samples in a given order, decoded by Workers ahead of their use and kept in memory within a budget.
 *
 * @module
 */

import type { DecodeWork } from "./decode_worker.ts";
import type { FileItem } from "./file_item.ts";
import type { Sample, SampleOptions, SampleSource } from "./sample.ts";
import { defaultMaxPixels } from "./decoders/limits.ts";
import { defaultWorkers, WorkerPool } from "./worker_pool.ts";

/** Settings of a {@link Loader}. */
export interface LoaderOptions {
  /** Number of decoding Workers. Default: as many as there are processors, but at least 2 and at most 8. */
  workers?: number;
  /** How many samples are decoded ahead of the one handed out. Default: two for each Worker, but at least 8. */
  readAhead?: number;
  /** Bytes of samples kept in memory, so that later epochs need not decode again. Default 1 GiB; 0 keeps none. */
  cacheBytes?: number;
  /**
   * How many pixels the header of a file may claim, unless the samples that are asked for say otherwise. Default 100
   * million. Larger images are refused before memory is taken.
   */
  maxPixels?: number;
  /**
   * Called for each item that {@link Loader.load} leaves out because a file of it cannot be used. Default: the error is
   * thrown.
   */
  onBadFile?: (item: FileItem, error: unknown) => void;
  /**
   * The URL at which an item's path is fetched. Default: the path is a URL. For files on disk: `openLoader` of
   * `folder.ts`.
   */
  urlOf?: (path: string) => string;
}

/**
 * Loads images with their labels. Close it when done: `using loader = new Loader()` or {@link Loader.close}.
 *
 * @example
 * ```ts ignore
 * using loader = openLoader();
 * for await (const sample of loader.load(split.items, { size: { height: 240, width: 320 } })) upload(sample);
 * ```
 */
export class Loader implements SampleSource<FileItem> {
  readonly #pool: WorkerPool<DecodeWork, Sample>;
  readonly #readAhead: number;
  readonly #cacheBytes: number;
  readonly #maxPixels: number;
  readonly #onBadFile: LoaderOptions["onBadFile"];
  readonly #urlOf: (path: string) => string;
  readonly #cache = new Map<string, Sample>();
  #usedBytes = 0;

  /** A loader whose Workers start with the first image. */
  constructor(options: LoaderOptions = {}) {
    const workers = options.workers ?? defaultWorkers();
    this.#pool = new WorkerPool(
      () => new Worker(new URL("./decode_worker.ts", import.meta.url), { type: "module" }),
      workers,
      { action: "load images", owner: "loader", worker: "decoding worker" },
    );
    this.#readAhead = options.readAhead ?? Math.max(8, 2 * workers);
    this.#cacheBytes = options.cacheBytes ?? 2 ** 30;
    this.#maxPixels = options.maxPixels ?? defaultMaxPixels;
    this.#onBadFile = options.onBadFile;
    this.#urlOf = options.urlOf ?? ((path) => path);
  }

  /** Bytes of the samples that are kept. */
  get cachedBytes(): number {
    return this.#usedBytes;
  }

  /**
   * The samples of `items`, in their order. An item comes as often as it is listed. A bad file throws its sentence when
   * its turn comes, or is left out then if {@link LoaderOptions.onBadFile} was given. The caller may leave the loop early.
   *
   * @throws {Error} where a file cannot be used, or the loader is closed.
   */
  async *load(items: Iterable<FileItem>, options: SampleOptions): AsyncGenerator<Sample, void, void> {
    const remaining = items[Symbol.iterator]();
    const ahead: { readonly item: FileItem; readonly promise: Promise<Sample> }[] = [];
    const fill = () => {
      while (ahead.length <= this.#readAhead) {
        const next = remaining.next();
        if (next.done === true) return;
        const item = next.value;
        const promise = this.loadOne(item, options);
        // A failure is thrown when the sample's turn comes. Until then, and after an early end, it must not count as
        // unhandled.
        promise.catch(() => {});
        ahead.push({ item, promise });
      }
    };
    for (fill(); ahead.length > 0; fill()) {
      const next = ahead.shift();
      const sample = next === undefined ? null : await this.#sampleOf(next.item, next.promise);
      if (sample !== null) yield sample;
    }
  }

  /** The sample of an item; `null` if there is none, and someone wants to know instead of having the error thrown. */
  async #sampleOf(item: FileItem, promise: Promise<Sample>): Promise<Sample | null> {
    if (this.#onBadFile === undefined) return await promise;
    try {
      return await promise;
    } catch (error) {
      this.#onBadFile(item, error);
      return null;
    }
  }

  /** The sample of one item. */
  async loadOne(item: FileItem, options: SampleOptions): Promise<Sample> {
    const key = cacheKey(item, options);
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const { imagePath, labelPath, softLabelPath = null } = item;
    const urlOf = (path: string | null) => path === null ? null : this.#urlOf(path);
    const urls = { image: this.#urlOf(imagePath), labels: urlOf(labelPath), softLabels: urlOf(softLabelPath) };
    const work = { item, urls, options: { maxPixels: this.#maxPixels, ...options } };
    const sample = await this.#pool.run(work, [], imagePath);
    this.#keep(key, sample);
    return sample;
  }

  /** Whether an image has a label file. */
  hasLabels({ labelPath }: FileItem): boolean {
    return labelPath !== null;
  }

  /** Forgets the kept samples, as is needed when files have changed. */
  clear(): void {
    this.#cache.clear();
    this.#usedBytes = 0;
  }

  /** Ends the Workers and forgets the samples. */
  close(): void {
    this.#pool.close();
    this.clear();
  }

  /** As {@link Loader.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Keeps a sample while there is room. No other sample is dropped to make room: an epoch visits every image once, so
   * the oldest image is the one that the next epoch needs soonest.
   */
  #keep(key: string, sample: Sample): void {
    const bytes = sample.image.pixels.byteLength + (sample.labels?.byteLength ?? 0) +
      (sample.softLabels?.byteLength ?? 0);
    if (this.#cache.has(key) || this.#usedBytes + bytes > this.#cacheBytes) return;
    this.#cache.set(key, sample);
    this.#usedBytes += bytes;
  }
}

function cacheKey(item: FileItem, options: SampleOptions): string {
  const { size, labels = "resized" } = options;
  return JSON.stringify([item.imagePath, item.labelPath, item.softLabelPath, [...item.labelTable], size, labels]);
}
