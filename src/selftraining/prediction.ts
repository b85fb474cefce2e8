/**
 * The predicted label of every pixel of a batch, at the size of the labels, on the GPU: of the image as it is, or of the mean
 * over its views.
 *
 * @module
 */

import { OutOfBudgetError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange } from "../gpu/launch.ts";
import type { Network } from "../nn/network.ts";
import { argmaxInterpolated } from "../ops/metrics/argmax_interpolated.ts";
import { InferencePrograms, type SampleBatch } from "./inference.ts";
import { viewsBuffer } from "./scores.ts";
import { assignDispatch } from "./selection.ts";
import { isPlain, plainView, ViewLogits, type ViewOptions } from "./views.ts";

/** A threshold below the largest of any number of probabilities, by which scores are divided exactly. */
const lowThreshold = 2 ** -20;

/** Predictions of one batch. */
export interface Prediction {
  /** `[N, H, W]`, a byte each, in whole words; there until the next prediction. */
  readonly labels: BufferRange;
  /** The raw logits of the images as they are, before upsampling; `null` where they were not asked for. */
  readonly logits: PredictedLogits | null;
}

/** Logits of one batch, as the network gives them. */
export interface PredictedLogits {
  /** `[N, C, h, w]`, N that of the predictor. */
  readonly shape: readonly number[];
  /** Reads them, until the next prediction. */
  readonly read: () => Promise<Float32Array<ArrayBuffer>>;
}

/** Labels batches of images by a network. */
export class Predictor {
  /** The network on images as they are. */
  readonly #plain: InferencePrograms;
  /** The network on all views; `null` where the image as it is is the only one. */
  readonly #views: ViewLogits | null;
  #labels: GPUBuffer | undefined;

  /**
   * Compiles nothing yet.
   *
   * @param batch most images in one launch of the network.
   * @param options default: the image as it is.
   */
  constructor(readonly gpu: Gpu, readonly network: Network, batch: number, readonly options: ViewOptions = plainView) {
    const { alignCorners } = network.model;
    this.#plain = new InferencePrograms(gpu, network, batch, (logits, { height, width }) => ({
      labels: argmaxInterpolated(logits, { height, width, alignCorners }),
      logits,
    }));
    this.#views = isPlain(options) ? null : new ViewLogits(gpu, network, batch, options);
  }

  /**
   * Submits the prediction of a batch; does not wait.
   *
   * @param options `withLogits`: the logits of the images as they are may be read too. Default: false.
   */
  async run(group: SampleBatch, { withLogits = false }: { readonly withLogits?: boolean } = {}): Promise<Prediction> {
    const views = this.#views;
    if (views !== null && !withLogits) return { labels: await this.#labelViews(views, group), logits: null };
    const program = await this.#plain.run(group);
    const labels = views === null ? program.output("labels") : await this.#labelViews(views, group);
    if (!withLogits) return { labels, logits: null };
    return { labels, logits: { shape: program.outputTensor("logits").shape, read: () => program.read("logits") } };
  }

  /** Frees everything. */
  async dispose(): Promise<void> {
    this.#freeLabels();
    await Promise.all([this.#plain.dispose(), this.#views?.dispose()]);
  }

  /** The arg max of the mean is what the selection assigns where every class has the same threshold. */
  async #labelViews(views: ViewLogits, group: SampleBatch): Promise<BufferRange> {
    const { gpu, network, options } = this;
    this.#freeLabels();
    const batch = await views.compute(group);
    if (batch.parts !== undefined) {
      gpu.destroyBuffer(batch.logits.buffer);
      throw new OutOfBudgetError(
        `The logits of all views of ${batch.images} images take ${batch.logits.size} bytes, this adapter binds at most ` +
          `${gpu.maxBindingBytes}: ${
            Math.floor(batch.images * gpu.maxBindingBytes / batch.logits.size)
          } images at a time fit`,
        "tensor too large",
      );
    }
    const pixels = batch.images * batch.height * batch.width;
    const places = viewsBuffer(gpu, batch);
    const thresholds = gpu.createBuffer(network.classCount * 4, "thresholds");
    gpu.write(thresholds, new Float32Array(network.classCount).fill(lowThreshold));
    const counts = gpu.createBuffer(network.classCount * 4, "labelled");
    const labels = gpu.createBuffer(pixels, "labels");
    const scores = {
      classes: network.classCount,
      alignCorners: network.model.alignCorners,
      averageLogits: options.average === "logits",
    };
    gpu.submit([await assignDispatch(gpu, batch, scores, { views: places, thresholds, labels, counts })]);
    for (const buffer of [batch.logits.buffer, places, thresholds, counts]) gpu.destroyBuffer(buffer);
    this.#labels = labels;
    return { buffer: labels, offset: 0, size: labels.size };
  }

  #freeLabels(): void {
    if (this.#labels !== undefined) this.gpu.destroyBuffer(this.#labels);
    this.#labels = undefined;
  }
}
