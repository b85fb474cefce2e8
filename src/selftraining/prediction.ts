/**
 * The predicted label of every pixel of a batch, at the size of the labels, computed on the GPU. If an image has
 * several views, their scores are averaged first.
 *
 * @module
 */

import { OutOfBudgetError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { storedBytes } from "../graph/layout.ts";
import type { Program } from "../graph/program.ts";
import type { Network } from "../nn/network.ts";
import { argMaxDispatch } from "./arg_max.ts";
import { InferencePrograms, type SampleBatch } from "./inference.ts";
import { type ScoreBatch, type ScoreOptions, viewsBuffer } from "./scores.ts";
import { ImagePlaces, isPlain, plainView, ViewLogits, type ViewOptions } from "./views.ts";

/** Predictions of one batch. */
export interface Prediction {
  /** `[N, H, W]`, one byte per pixel, padded to whole 4-byte words. The next prediction overwrites them. */
  readonly labels: BufferRange;
  /** The network's logits of the images as they are, before upsampling; `null` if they were not asked for. */
  readonly logits: PredictedLogits | null;
}

/** Logits of one batch, as the network gives them. */
export interface PredictedLogits {
  /** `[N, C, h, w]`. N is the batch of the predictor, also where fewer images were given. */
  readonly shape: readonly number[];
  /** Reads the logits. To be called before the next prediction, which overwrites them. */
  readonly read: () => Promise<Float32Array<ArrayBuffer>>;
}

/** What else a prediction gives than labels. */
export interface PredictionOptions {
  /** Whether the logits of the images as they are can be read too. Default `false`. */
  readonly withLogits?: boolean;
  /**
   * Called with the scores that the labels follow from, and how they become probabilities. The buffers live until it is
   * done. Default: nothing.
   */
  readonly withScores?: (batch: ScoreBatch, scores: ScoreOptions) => Promise<void>;
}

/** Predicts the labels of batches of images: `await using predictor = new Predictor(…)`. */
export class Predictor {
  /** The network on images as they are. */
  readonly #plain: InferencePrograms;
  /** The network on all views; `null` if the image as it is is the only view. */
  readonly #views: ViewLogits | null;
  /** The labels of the last batch, and the table that says where its views lie. */
  #labels: GPUBuffer | undefined;
  #places: GPUBuffer | undefined;

  /**
   * Compiles nothing yet.
   *
   * @param batch most images in one launch of the network.
   * @param options default: the image as it is.
   */
  constructor(readonly gpu: Gpu, readonly network: Network, batch: number, readonly options: ViewOptions = plainView) {
    this.#plain = new InferencePrograms(gpu, network, batch);
    this.#views = isPlain(options) ? null : new ViewLogits(gpu, network, batch, options);
  }

  /** Predicts the labels of a batch; does not wait for the GPU, but for `withScores`. */
  async run(group: SampleBatch, options: PredictionOptions = {}): Promise<Prediction> {
    const { withLogits = false } = options;
    if (this.#views === null) {
      const program = await this.#plain.run(group);
      const logits = withLogits ? logitsOf(program) : null;
      const scores = plainScores(program, group);
      if (scores.logits.size <= this.gpu.maxBindingBytes) return { labels: await this.#label(scores, options), logits };
      const split = imageParts(this.gpu, program, scores);
      const labels = await this.#label(split, options);
      this.gpu.destroyBuffer(split.logits.buffer);
      return { labels, logits };
    }
    const logits = withLogits ? logitsOf(await this.#plain.run(group)) : null;
    const scores = await this.#views.compute(group);
    const labels = await this.#label(scores, options);
    this.gpu.destroyBuffer(scores.logits.buffer);
    return { labels, logits };
  }

  /** Frees everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#free(this.#labels);
    this.#free(this.#places);
    this.#labels = undefined;
    this.#places = undefined;
    await Promise.all([this.#plain.dispose(), this.#views?.dispose()]);
  }

  /** Launches the kernel that finds the class of the largest score of each pixel. */
  async #label(batch: ScoreBatch, { withScores }: PredictionOptions): Promise<BufferRange> {
    const { gpu, network, options } = this;
    const parts = batch.parts ?? [batch];
    const pixels = batch.height * batch.width;
    if (parts.length > 1 && pixels % 4 !== 0) {
      throw new OutOfBudgetError(
        `The logits of ${batch.images} images take ${batch.logits.size} bytes, this adapter binds at most ` +
          `${gpu.maxBindingBytes}: images of ${pixels} pixels, no multiple of 4, fit one at a time`,
        "tensor too large",
      );
    }
    this.#free(this.#places);
    const views = viewsBuffer(gpu, batch);
    this.#places = views;
    const bytes = Math.ceil(batch.images * pixels / 4) * 4;
    const labels = this.#labelsOf(bytes);
    const scores = {
      classes: network.classCount,
      alignCorners: network.model.alignCorners,
      averageLogits: options.average === "logits",
      // The softmax keeps the order of the classes. So the logits of a single view are compared directly, as if they
      // were probabilities.
      isProbability: this.#views === null,
    };
    if (parts.length === 1) gpu.submit([await argMaxDispatch(gpu, batch, scores, { views, labels })]);
    else {
      const one = gpu.createBuffer(pixels, "labels of an image");
      for (const [image, part] of parts.entries()) {
        const copy = { from: { buffer: one, offset: 0, size: pixels }, to: labels, toOffset: image * pixels };
        gpu.submit([await argMaxDispatch(gpu, part, scores, { views, labels: one })], [copy]);
      }
      gpu.destroyBuffer(one);
    }
    await withScores?.(batch, { ...scores, isProbability: false });
    return { buffer: labels, offset: 0, size: bytes };
  }

  /** The buffer for the labels, of at least `bytes` bytes. It is used again from batch to batch. */
  #labelsOf(bytes: number): GPUBuffer {
    if (this.#labels !== undefined && this.#labels.size >= bytes) return this.#labels;
    this.#free(this.#labels);
    this.#labels = this.gpu.createBuffer(bytes, "labels");
    return this.#labels;
  }

  #free(buffer: GPUBuffer | undefined): void {
    if (buffer !== undefined) this.gpu.destroyBuffer(buffer);
  }
}

function logitsOf(program: Program): PredictedLogits {
  return { shape: program.outputTensor("logits").shape, read: () => program.read("logits") };
}

/**
 * Copies the logits of each image to a place where a binding can begin, so that one binding sees those of one image.
 */
function imageParts(gpu: Gpu, program: Program, { images, logits, ...sizes }: ScoreBatch): ScoreBatch {
  const [, ...shape] = program.outputTensor("logits").shape;
  const places = new ImagePlaces(gpu, images, storedBytes([1, ...shape], "f32", "activation"));
  places.fill(gpu, logits, places.imageBytes, 0);
  return places.batch(sizes);
}

/** The logits of the images as they are, in the program's own output buffer. */
function plainScores(program: Program, { samples, labelSize }: SampleBatch): ScoreBatch {
  const [, , height = 1, width = 1] = program.outputTensor("logits").shape;
  return {
    images: samples.length,
    ...labelSize,
    logits: program.output("logits"),
    views: [{ offset: 0, height, width, mirror: false }],
  };
}
