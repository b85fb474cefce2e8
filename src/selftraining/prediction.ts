/**
 * The predicted label of every pixel of a batch, at the size of the labels, on the GPU: of the image as it is, or of the mean
 * over its views.
 *
 * @module
 */

import { OutOfBudgetError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { storedBytes } from "../graph/layout.ts";
import type { Program } from "../graph/program.ts";
import { offsetAlignment } from "../graph/slices.ts";
import type { Network } from "../nn/network.ts";
import { argMaxDispatch } from "./arg_max.ts";
import { InferencePrograms, type SampleBatch } from "./inference.ts";
import { type ScoreBatch, viewsBuffer } from "./scores.ts";
import { isPlain, plainView, requireBindable, ViewLogits, type ViewOptions } from "./views.ts";

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

/** Labels batches of images by a network: `await using predictor = new Predictor(…)`. */
export class Predictor {
  /** The network on images as they are. */
  readonly #plain: InferencePrograms;
  /** The network on all views; `null` where the image as it is is the only one. */
  readonly #views: ViewLogits | null;
  /** The labels of the last batch, and where its views lay. */
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

  /**
   * Submits the prediction of a batch; does not wait.
   *
   * @param options `withLogits`: the logits of the images as they are may be read too. Default: false.
   */
  async run(group: SampleBatch, { withLogits = false }: { readonly withLogits?: boolean } = {}): Promise<Prediction> {
    if (this.#views === null) {
      const program = await this.#plain.run(group);
      const logits = withLogits ? logitsOf(program) : null;
      const scores = plainScores(program, group);
      if (scores.logits.size <= this.gpu.maxBindingBytes) return { labels: await this.#label(scores), logits };
      const split = imageParts(this.gpu, program, scores);
      const labels = await this.#label(split);
      this.gpu.destroyBuffer(split.logits.buffer);
      return { labels, logits };
    }
    const logits = withLogits ? logitsOf(await this.#plain.run(group)) : null;
    const scores = await this.#views.compute(group);
    const labels = await this.#label(scores);
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

  /** Submits the arg max of the scores of a batch. */
  async #label(batch: ScoreBatch): Promise<BufferRange> {
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
      // The logits of the image as it is are in the order of its probabilities, so they are compared as they are.
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
    return { buffer: labels, offset: 0, size: bytes };
  }

  /** A buffer of at least so many bytes, used again from batch to batch. */
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

/** The logits of each image in a place of its own, so that one binding sees those of one image. */
function imageParts(gpu: Gpu, program: Program, batch: ScoreBatch): ScoreBatch {
  const [, ...shape] = program.outputTensor("logits").shape;
  const size = storedBytes([1, ...shape], "f32", "activation");
  requireBindable(gpu, size);
  const distance = Math.ceil(size / offsetAlignment) * offsetAlignment;
  const buffer = gpu.createBuffer(batch.images * distance, "logits");
  const { buffer: from, offset } = batch.logits;
  const places = Array.from({ length: batch.images }, (_, image) => image * distance);
  gpu.submit(
    [],
    places.map((toOffset, image) => ({
      from: { buffer: from, offset: offset + image * size, size },
      to: buffer,
      toOffset,
    })),
  );
  const parts = places.map((place): ScoreBatch => ({ ...batch, images: 1, logits: { buffer, offset: place, size } }));
  return { ...batch, logits: { buffer, offset: 0, size: buffer.size }, parts };
}

/** The logits of the images as they are, where the program has them. */
function plainScores(program: Program, { samples, labelSize }: SampleBatch): ScoreBatch {
  const [, , height = 1, width = 1] = program.outputTensor("logits").shape;
  return {
    images: samples.length,
    ...labelSize,
    logits: program.output("logits"),
    views: [{ offset: 0, height, width, mirror: false }],
  };
}
