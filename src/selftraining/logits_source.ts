/**
 * The logits of many images for the passes of a selection.
 *
 * The network runs once per image; its small logits are kept on the GPU up to a bound, and recomputed for each pass beyond
 * it, so memory does not grow with the number of images.
 *
 * @module
 */

import type { SampleSource } from "../data/sample.ts";
import type { Size } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import { QueueBound } from "../gpu/queue_bound.ts";
import type { Network } from "../nn/network.ts";
import { equalBatches, loadSplit } from "./inference.ts";
import type { Activity } from "./progress.ts";
import type { ScoreBatch, ScoreBatches } from "./scores.ts";
import { plainView, ViewLogits, type ViewOptions } from "./views.ts";

/** Images in one launch of the network, where nothing else is said. */
const defaultBatch = 4;
/** Logits kept on the GPU between the passes of the selection, where nothing else is said. */
export const defaultKeptBytes = 256 * 2 ** 20;

/** How the logits are computed. */
export interface LogitsOptions {
  /** Working size of the images. */
  readonly size: Size;
  /** Views of an image that are averaged. Default: the image as it is. */
  readonly views?: ViewOptions | undefined;
  /** Images in one launch of the network. Default 4. */
  readonly batch?: number | undefined;
  /** Bound of the logits that stay on the GPU, in bytes, default 256 MiB; it changes the time, never the result. */
  readonly keptBytes?: number | undefined;
  /** Told how many images the network has seen in this pass. */
  readonly onProgress?: ((images: number) => void) | undefined;
  /** Told when the network labels, and when thresholds are looked for and applied. */
  readonly onActivity?: ((activity: Activity) => void) | undefined;
  /** Ends the pass early by its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Logits of all images, batch by batch, as often as wanted: `await using source = new LogitsSource(…)`. */
export class LogitsSource<Item> implements ScoreBatches {
  readonly #logits: ViewLogits;
  readonly #batch: number;
  readonly #kept: ScoreBatch[] = [];
  #keptBytes = 0;
  #isFirstPass = true;

  /** Compiles nothing yet. */
  constructor(
    readonly gpu: Gpu,
    readonly network: Network,
    readonly samples: SampleSource<Item>,
    readonly items: readonly Item[],
    readonly options: LogitsOptions,
  ) {
    this.#batch = options.batch ?? defaultBatch;
    this.#logits = new ViewLogits(gpu, network, this.#batch, options.views ?? plainView);
  }

  /** How many images there are. */
  get images(): number {
    return this.items.length;
  }

  /** The logits of all images; those that are not kept are computed again. */
  async *batches(): AsyncGenerator<ScoreBatch> {
    const { gpu, options: { size, keptBytes = defaultKeptBytes, onProgress, onActivity, signal } } = this;
    // The network labels in the first pass; those that follow look for the thresholds and apply them.
    onActivity?.(this.#isFirstPass ? "labelling" : "selection");
    let images = 0;
    for (const batch of this.#kept) {
      images += batch.images;
      yield* batch.parts ?? [batch];
    }
    const done = new OneBehind<void>();
    const queue = new QueueBound();
    const loaded = loadSplit(this.samples, this.items.slice(images), this.network, size, "resized");
    for await (const group of equalBatches(loaded, this.#batch)) {
      signal?.throwIfAborted();
      const batch = await this.#logits.compute(group);
      const fits = this.#isFirstPass && this.#keptBytes + batch.logits.size <= keptBytes;
      if (fits) {
        this.#kept.push(batch);
        this.#keptBytes += batch.logits.size;
      }
      try {
        yield* batch.parts ?? [batch];
      } finally {
        // The pass may end here, by an error of who asked for it.
        if (!fits) gpu.destroyBuffer(batch.logits.buffer);
      }
      if (!fits) this.#isFirstPass = false;
      images += batch.images;
      onProgress?.(images);
      const { height, width } = group.size;
      if (queue.add(batch.images * height * width * 4, batch.views.length)) await done.exchange(gpu.wait());
    }
    await done.take();
    this.#isFirstPass = false;
    onActivity?.("selection");
  }

  /** Frees the kept logits and the programs. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { logits } of this.#kept) this.gpu.destroyBuffer(logits.buffer);
    await this.#logits.dispose();
  }
}
