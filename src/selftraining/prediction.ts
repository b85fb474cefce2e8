/**
 * The predicted label of every pixel of a batch, at the size of the labels, computed on the GPU. If an image has
 * several views, their scores are averaged first.
 *
 * @module
 */

import type { ClassMap } from "../data/class_map.ts";
import type { Size } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { storedBytes } from "../graph/layout.ts";
import type { Program } from "../graph/program.ts";
import type { Model } from "../nn/model.ts";
import type { Network } from "../nn/network.ts";
import { argMaxDispatch } from "./arg_max.ts";
import { type MergedClasses, mergedClasses } from "./merged_classes.ts";
import { InferencePrograms, type SampleBatch, type ScanOutputs, scanOutputs } from "./inference.ts";
import { type Cover, type ScoreBatch, type ScoreOptions, type ScoreView, viewsBuffer } from "./scores.ts";
import { blankDispatch } from "../ops/scans/blank_pixels.ts";
import {
  coveredView,
  ImagePlaces,
  isPlain,
  labelSizesOf,
  plainView,
  ViewLogits,
  type ViewOptions,
  winnerBytes,
} from "./views.ts";

/** Predictions of one batch. */
export interface Prediction {
  /**
   * One byte per pixel: `[N, H, W]` if all images have one size, else the maps of the images one after the other, each
   * at its place in `starts`. The next prediction overwrites them.
   */
  readonly labels: BufferRange;
  /** The first byte of each image in `labels`. */
  readonly starts: readonly number[];
  /** The network's logits of the images as they are, before upsampling; `null` if they were not asked for. */
  readonly logits: PredictedLogits | null;
  /** LiDAR scans: what is known of the pixels of their range images; `null` for other images. */
  readonly scans: ScanOutputs | null;
}

/** Logits of one batch, as the network gives them. */
export interface PredictedLogits {
  /** `[N, C, h, w]`. N is the batch of the predictor, also where fewer images were given. */
  readonly shape: readonly number[];
  /** The rows and columns of each image's logits that the image covers; the others are those of its padding. */
  readonly covered: readonly Size[];
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
  /** The network on images as they are, where the logits themselves are asked for. */
  readonly #whole: InferencePrograms;
  /** The network on all views; `null` if the image as it is is the only view. */
  readonly #views: ViewLogits | null;
  /** What the network's classes are merged into. */
  readonly #merged: MergedClasses | undefined;
  /** The labels of the last batch, and the tables that say where its views lie. */
  #labels: GPUBuffer | undefined;
  #places: readonly GPUBuffer[] = [];

  /**
   * Compiles nothing yet.
   *
   * @param batch most images in one launch of the network.
   * @param options default: the image as it is.
   * @param merge what the network's classes are merged into; labels are ids of these. Default: nothing.
   */
  constructor(
    readonly gpu: Gpu,
    readonly network: Network,
    batch: number,
    readonly options: ViewOptions = plainView,
    merge?: ClassMap,
  ) {
    this.#plain = new InferencePrograms(gpu, network, batch);
    this.#whole = network.model.scoreMap === undefined ? this.#plain : new InferencePrograms(gpu, network, batch, true);
    this.#views = isPlain(options) ? null : new ViewLogits(gpu, network, batch, options);
    this.#merged = merge === undefined ? undefined : mergedClasses(gpu, merge);
  }

  /** Predicts the labels of a batch; does not wait for the GPU, but for `withScores`. */
  async run(group: SampleBatch, options: PredictionOptions = {}): Promise<Prediction> {
    const { withLogits = false } = options;
    if (this.#views === null) {
      const program = await this.#plain.run(group);
      const logits = withLogits ? await this.#logitsOf(group, program) : null;
      const scores = this.#plainScores(program, group);
      const scans = group.points === undefined ? null : scanOutputs(program);
      if (scores.logits.size <= this.gpu.maxBindingBytes && group.labelSizes === undefined) {
        return { ...await this.#label(scores, options), logits, scans };
      }
      const split = this.#imageParts(program, scores, group);
      const labels = await this.#label(split, options);
      this.gpu.destroyBuffer(split.logits.buffer);
      return { ...labels, logits, scans };
    }
    const logits = withLogits ? await this.#logitsOf(group) : null;
    const scores = await this.#views.compute(group);
    const labels = await this.#label(scores, options);
    this.gpu.destroyBuffer(scores.logits.buffer);
    return { ...labels, logits, scans: await this.#views.scanOutputs(group) };
  }

  /** Frees everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const buffer of [this.#labels, ...this.#places]) this.#free(buffer);
    this.#labels = undefined;
    this.#places = [];
    this.#merged?.[Symbol.dispose]();
    await Promise.all([this.#plain.dispose(), this.#whole.dispose(), this.#views?.dispose()]);
  }

  /** Launches the kernel that finds the class of the largest score of each pixel. */
  async #label(
    batch: ScoreBatch,
    { withScores }: PredictionOptions,
  ): Promise<Pick<Prediction, "labels" | "starts">> {
    const { gpu, network, options } = this;
    const scores = {
      classes: network.classCount,
      alignCorners: network.model.alignCorners,
      averageLogits: options.average === "logits",
      takesMaximum: options.average === "maximum",
      // The softmax keeps the order of the classes. So the logits of a single view are compared directly, as if they
      // were probabilities. What is merged are probabilities.
      isProbability: this.#views === null && this.#merged === undefined,
    };
    const merged = this.#merged;
    for (const places of this.#places) this.#free(places);
    const { starts, bytes } = placesOf(batch);
    const labels = this.#labelsOf(bytes);
    const parts = batch.parts ?? [batch];
    this.#places = parts.map((part) => viewsBuffer(gpu, part, scores));
    const [first] = this.#places;
    const find = async (part: ScoreBatch, views: GPUBuffer, to: GPUBuffer) => {
      const { filled, images, height, width } = part;
      const found = await argMaxDispatch(gpu, part, scores, { views, labels: to, merged });
      if (filled === undefined) return [found];
      return [found, await blankDispatch(gpu, filled, to, images * height * width)];
    };
    if (parts.length === 1 && first !== undefined) {
      gpu.submit(await find(batch, first, labels));
    } else {
      const one = gpu.createBuffer(Math.max(...parts.map(wordBytes)), "labels of an image");
      for (const [image, part] of parts.entries()) {
        const from = { buffer: one, offset: 0, size: wordBytes(part) };
        const views = this.#places[image];
        if (views === undefined) continue;
        gpu.submit(await find(part, views, one), [{ from, to: labels, toOffset: starts[image] ?? 0 }]);
      }
      gpu.destroyBuffer(one);
    }
    await withScores?.(batch, { ...scores, isProbability: false });
    return { labels: { buffer: labels, offset: 0, size: bytes }, starts };
  }

  /** The logits of the images as they are, in the program's own output buffer. */
  #plainScores(program: Program, group: SampleBatch): ScoreBatch {
    return {
      images: group.samples.length,
      ...group.labelSize,
      logits: program.output("logits"),
      views: [this.#placeOf(program, group, 0)],
      ...(group.points === undefined ? {} : { filled: scanOutputs(program).winner }),
    };
  }

  /** The logits of the images as they are. `plain` has computed them unless there is a score map. */
  async #logitsOf(group: SampleBatch, plain?: Program): Promise<PredictedLogits> {
    const hasThem = plain !== undefined && this.#whole === this.#plain;
    const program = hasThem ? plain : await this.#whole.run(group);
    const { alignCorners } = this.network.model;
    const covered = group.samples.map((_, image) => {
      const place = this.#placeOf(program, group, image, { alignCorners });
      return {
        height: coveredLogits(place.covered?.rows, place.height),
        width: coveredLogits(place.covered?.columns, place.width),
      };
    });
    return { shape: program.outputTensor("logits").shape, covered, read: () => program.read("logits") };
  }

  /** Where the logits of an image as it is lie, and what it covers of them. */
  #placeOf(
    program: Program,
    group: SampleBatch,
    image: number,
    model: Pick<Model, "alignCorners" | "scoreMap"> = this.network.model,
  ): ScoreView {
    const [, , height = 1, width = 1] = program.outputTensor("logits").shape;
    const place = { offset: 0, height, width, mirror: false };
    return coveredView(model, group, image, { size: group.size, mirror: false }, place);
  }

  /**
   * Copies the logits of each image to a place where a binding can begin, so that one binding sees those of one image.
   */
  #imageParts(program: Program, { images, logits }: ScoreBatch, group: SampleBatch): ScoreBatch {
    const [, ...shape] = program.outputTensor("logits").shape;
    const imageBytes = storedBytes([1, ...shape], "f32", "activation");
    const places = new ImagePlaces(this.gpu, images, imageBytes, winnerBytes(group));
    places.fill(this.gpu, logits, places.imageBytes, 0);
    if (group.points !== undefined) places.fillWinners(this.gpu, scanOutputs(program).winner);
    return places.batch((image) => ({
      ...labelSizesOf(group, image),
      views: [this.#placeOf(program, group, image)],
    }));
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

/** Where the labels of each image begin, and the bytes of all. */
function placesOf({ images, height, width, parts, sharesKernels }: ScoreBatch) {
  if (parts === undefined) {
    const starts = Array.from({ length: images }, (_, image) => image * height * width);
    return { starts, bytes: Math.ceil(images * height * width / 4) * 4 };
  }
  const starts: number[] = [];
  let bytes = 0;
  for (const part of parts) {
    starts.push(bytes);
    bytes += wordBytes(part);
  }
  // Kernels that go over all labels are compiled for their number. So there shall be few different numbers.
  return { starts, bytes: sharesKernels === true ? 2 ** Math.ceil(Math.log2(bytes)) : bytes };
}

/** Bytes of the labels of an image in whole words. */
function wordBytes({ height, width }: ScoreBatch): number {
  return Math.ceil(height * width / 4) * 4;
}

/** The rows (or columns) of logits that an image covers, the last perhaps in part. */
function coveredLogits(cover: Cover | undefined, logits: number): number {
  return cover === undefined ? logits : Math.min(logits, Math.ceil(cover.numerator / cover.denominator));
}
