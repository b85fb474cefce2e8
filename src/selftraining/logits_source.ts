/**
 * The logits of many images, for a selection that passes over all of them several times.
 *
 * Logits have the network's low resolution. Those of the first images are kept on the GPU, up to a bound of bytes. The
 * network computes the others anew in each pass, so memory does not grow with the number of images.
 *
 * @module
 */

import type { SampleSource } from "../data/sample.ts";
import type { ShapeOptions } from "../data/shapes.ts";
import type { Size } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import { QueueBound } from "../gpu/queue_bound.ts";
import type { Network } from "../nn/network.ts";
import { defaultBatch, equalBatches, type SampleBatch } from "./inference.ts";
import type { Activity } from "./progress.ts";
import { batchWithRings, withRings } from "./rings.ts";
import type { ScoreBatch, ScoreBatches } from "./scores.ts";
import { plainView, ViewLogits, type ViewOptions } from "./views.ts";

/** Bytes of logits that are kept on the GPU between the passes, by default: 256 MiB. */
export const defaultKeptBytes = 256 * 2 ** 20;

/** How the logits are computed. */
export interface LogitsOptions extends ShapeOptions {
  /** Views of an image whose predictions are averaged. Default: the image as it is. */
  readonly views?: ViewOptions | undefined;
  /** Images in one launch of the network. Default 4. */
  readonly batch?: number | undefined;
  /** LiDAR scans: width in metres of the rings in which pixels are to lie. Default 0: there are none. */
  readonly ringMetres?: number | undefined;
  /** Most bytes of logits that are kept on the GPU. Default 256 MiB. It changes the time, never the result. */
  readonly keptBytes?: number | undefined;
  /** Called with the number of images that the network has seen in this pass. */
  readonly onProgress?: ((images: number) => void) | undefined;
  /**
   * Called when the network begins to compute logits (`"labelling"`), and when only the selection goes on
   * (`"selection"`).
   */
  readonly onActivity?: ((activity: Activity) => void) | undefined;
  /** When it is given, the pass stops and throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The logits of all images, batch by batch: `await using source = new LogitsSource(…)`. They can be passed over as often as
 * wanted.
 */
export class LogitsSource<Item> implements ScoreBatches {
  readonly #logits: ViewLogits;
  readonly #batch: number;
  readonly #kept: ScoreBatch[] = [];
  /** The images' own sizes, in their order, as far as a pass has come. */
  readonly originalSizes: Size[] = [];
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

  /** One pass over the logits of all images. Those that are not kept are computed again. */
  async *batches(): AsyncGenerator<ScoreBatch> {
    const { gpu, options: { keptBytes = defaultKeptBytes, onProgress, onActivity, signal } } = this;
    // The first pass computes all logits. The later passes look for the thresholds and apply them.
    onActivity?.(this.#isFirstPass ? "labelling" : "selection");
    let images = 0;
    for (const batch of this.#kept) {
      images += batch.images;
      yield* batch.parts ?? [batch];
    }
    const done = new OneBehind<void>();
    const queue = new QueueBound();
    const loaded = this.samples.load(this.items.slice(images), { size: this.options.size });
    const { sizeMultiple: multiple } = this.network.model;
    for await (const group of equalBatches(loaded, { batch: this.#batch, shapes: this.options, multiple })) {
      signal?.throwIfAborted();
      const batch = await this.#compute(group);
      for (const [index, { originalSize }] of group.samples.entries()) {
        this.originalSizes[images + index] = originalSize;
      }
      const fits = this.#isFirstPass && this.#keptBytes + batch.logits.buffer.size <= keptBytes;
      if (fits) {
        this.#kept.push(batch);
        this.#keptBytes += batch.logits.buffer.size;
      }
      try {
        yield* batch.parts ?? [batch];
      } finally {
        // The pass may end here, by an error of who asked for it.
        if (!fits) this.#free(batch);
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
    for (const batch of this.#kept) this.#free(batch);
    await this.#logits.dispose();
  }

  async #compute(group: SampleBatch): Promise<ScoreBatch> {
    const { ringMetres = 0 } = this.options;
    if (ringMetres === 0) return await this.#logits.compute(group);
    const batch = await this.#logits.compute(withRings(group, ringMetres));
    const outputs = await this.#logits.scanOutputs(group);
    if (outputs === null) throw new RangeError("Only the points of LiDAR scans lie in rings");
    return batchWithRings(this.gpu, batch, outputs.truth);
  }

  #free({ logits, rings }: ScoreBatch): void {
    this.gpu.destroyBuffer(logits.buffer);
    if (rings !== undefined) this.gpu.destroyBuffer(rings.buffer);
  }
}
