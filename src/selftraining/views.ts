/**
 * An image can be shown to the network several times, at several scales and mirrored, and the predictions averaged.
 * This module plans these views of an image and computes the logits of all of them on the GPU.
 *
 * @module
 */

import { isSameSize, type Size } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { OutOfBudgetError, ReasonedError } from "../errors.ts";
import { storedBytes } from "../graph/layout.ts";
import { offsetAlignment } from "../graph/slices.ts";
import type { Model } from "../nn/model.ts";
import type { Network } from "../nn/network.ts";
import {
  coveredSize,
  InferencePrograms,
  type SampleBatch,
  type ScanOutputs,
  scanOutputs,
  type View,
} from "./inference.ts";
import { coverOf, type ScoreBatch, type ScoreView } from "./scores.ts";

/** Which views of an image are averaged, and how. */
export interface ViewOptions {
  /** Scales of the image, one view each. */
  readonly scales: readonly number[];
  /** Whether each view is also shown mirrored. */
  readonly flip: boolean;
  /**
   * What is averaged. Logits are interpolated to the size of the labels before. `maximum`: nothing is, and the largest
   * probability of each class counts. These do not sum to 1.
   */
  readonly average: "probabilities" | "logits" | "maximum";
}

/** A single view: the image as it is. */
export const plainView: ViewOptions = { scales: [1], flip: false, average: "probabilities" };

/** Whether the only view is the image as it is. */
export function isPlain({ scales, flip }: ViewOptions): boolean {
  return scales.length === 1 && scales[0] === 1 && !flip;
}

/** Number of views of an image. */
export function viewCount({ scales, flip }: ViewOptions): number {
  return scales.length * (flip ? 2 : 1);
}

/** Pixels of all views of an image together, as a multiple of the image's own. */
export function viewPixels({ scales, flip }: ViewOptions): number {
  return scales.reduce((sum, scale) => sum + scale * scale, 0) * (flip ? 2 : 1);
}

/** The views of an image of `size`. Their sides are rounded to multiples of `multiple`. */
export function viewsOf(size: Size, { scales, flip }: ViewOptions, multiple: number): View[] {
  return scales.flatMap((scale) => {
    const side = (pixels: number) => Math.max(multiple, Math.round(pixels * scale / multiple) * multiple);
    const scaled = { height: side(size.height), width: side(size.width) };
    return (flip ? [false, true] : [false]).map((mirror) => ({ size: scaled, mirror }));
  });
}

/** A view of a batch, where its logits lie, and how many bytes they take. */
interface PlacedView {
  readonly view: View;
  readonly place: ScoreView;
  readonly bytes: number;
}

/** @throws {OutOfBudgetError} if one binding cannot see the logits of one image. */
function requireBindable(gpu: Gpu, bytes: number): void {
  if (bytes <= gpu.maxBindingBytes) return;
  throw new OutOfBudgetError(
    `The logits of all views of one image take ${bytes} bytes, this adapter binds at most ${gpu.maxBindingBytes}: ` +
      `views of ${Math.floor(100 * Math.sqrt(gpu.maxBindingBytes / bytes))} % of their sides would fit`,
    "tensor too large",
  );
}

/** A buffer for the logits of several images. Each begins where a binding can, so that one binding sees one image. */
export class ImagePlaces {
  /** The buffer; the caller frees it. */
  readonly buffer: GPUBuffer;
  /** First byte of each image. */
  readonly starts: readonly number[];

  /**
   * Allocates the buffer.
   *
   * @param imageBytes bytes of the logits of one image.
   * @param filledBytes bytes of the winners of one scan, which lie behind its logits. Default 0: images have none.
   * @throws {OutOfBudgetError} where the logits of one image are more than a binding can see.
   */
  constructor(gpu: Gpu, images: number, readonly imageBytes: number, readonly filledBytes = 0) {
    requireBindable(gpu, imageBytes);
    const distance = aligned(imageBytes) + aligned(filledBytes);
    this.buffer = gpu.createBuffer(images * distance, "logits");
    this.starts = Array.from({ length: images }, (_, image) => image * distance);
  }

  /** Copies the logits of one view, which lie image after image in `from`, to byte `offset` of each image's place. */
  fill(gpu: Gpu, from: BufferRange, bytesOfView: number, offset: number): void {
    gpu.submit(
      [],
      this.starts.map((start, image) => ({
        from: { buffer: from.buffer, offset: from.offset + image * bytesOfView, size: bytesOfView },
        to: this.buffer,
        toOffset: start + offset,
      })),
    );
  }

  /** Copies the winners of all scans, which lie one after the other in `from`, behind their logits. */
  fillWinners(gpu: Gpu, from: BufferRange): void {
    this.fill(gpu, from, this.filledBytes, aligned(this.imageBytes));
  }

  /**
   * The batch, with each image as a batch of its own.
   *
   * @param sizesOf what is known of an image: the size of its labels and its views.
   */
  batch(sizesOf: (image: number) => Omit<ScoreBatch, "images" | "logits">): ScoreBatch {
    const { buffer, starts, imageBytes, filledBytes } = this;
    const parts = starts.map((offset, image): ScoreBatch => ({
      ...sizesOf(image),
      images: 1,
      logits: { buffer, offset, size: imageBytes },
      ...(filledBytes === 0 ? {} : { filled: { buffer, offset: offset + aligned(imageBytes), size: filledBytes } }),
    }));
    return { ...sizesOf(0), images: starts.length, logits: { buffer, offset: 0, size: buffer.size }, parts };
  }
}

/** The next place at which a binding can begin. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / offsetAlignment) * offsetAlignment;
}

/**
 * The views in the order in which the network sees them. The program of scans that are not mirrored runs last, so that
 * what it gives beside the logits is theirs.
 */
function shownOrder<Placed>({ points }: SampleBatch, placed: readonly Placed[]): readonly Placed[] {
  return points === undefined ? placed : placed.toReversed();
}

/** Bytes of the winners of one scan; 0 for other images. */
export function winnerBytes({ size: { height, width }, points }: SampleBatch): number {
  return points === undefined ? 0 : height * width * 4;
}

/** Computes the logits of all views of a batch. */
export class ViewLogits {
  readonly #programs: InferencePrograms;

  /** @param batch most images in one launch of the network. */
  constructor(readonly gpu: Gpu, readonly network: Network, batch: number, readonly options: ViewOptions) {
    this.#programs = new InferencePrograms(gpu, network, batch);
  }

  /**
   * Computes the logits of all views of a batch; does not wait for the GPU. The caller frees the buffer of the result.
   */
  async compute(group: SampleBatch): Promise<ScoreBatch> {
    const images = group.samples.length;
    const { gpu } = this;
    if (group.points !== undefined && this.options.scales.some((scale) => scale !== 1)) {
      throw new ReasonedError(
        "LiDAR scans have views of one scale only: their range images have one size",
        "scaled scans",
      );
    }
    const views = viewsOf(group.size, this.options, this.network.model.sizeMultiple);
    let floats = 0;
    const placed: PlacedView[] = [];
    for (const view of views) {
      // The traced network says how large its logits are.
      const [, ...shape] = (await this.#programs.program(group, view)).outputTensor("logits").shape;
      const [, height = 1, width = 1] = shape;
      const bytes = storedBytes([images, ...shape], "f32", "activation");
      placed.push({ view, place: { offset: floats, height, width, mirror: view.mirror }, bytes });
      floats += bytes / 4;
    }
    const isSplit = images > 1 && floats * 4 > gpu.maxBindingBytes;
    if (isSplit || group.labelSizes !== undefined) return await this.#computeParts(group, placed, floats * 4 / images);
    requireBindable(gpu, floats * 4);
    const winners = images * winnerBytes(group);
    const buffer = gpu.createBuffer(winners === 0 ? floats * 4 : aligned(floats * 4) + winners, "logits");
    const filled = { buffer, offset: aligned(floats * 4), size: winners };
    for (const { view, place, bytes } of shownOrder(group, placed)) {
      const program = await this.#programs.run(group, view);
      const from = { ...program.output("logits"), size: bytes };
      gpu.submit([], [{ from, to: buffer, toOffset: place.offset * 4 }]);
      if (winners === 0 || view.mirror) continue;
      gpu.submit([], [{ from: { ...program.output("winner"), size: winners }, to: buffer, toOffset: filled.offset }]);
    }
    return {
      images,
      ...group.labelSize,
      logits: { buffer, offset: 0, size: winners === 0 ? buffer.size : floats * 4 },
      ...(winners === 0 ? {} : { filled }),
      views: placed.map(({ view, place }) => coveredView(this.network.model, group, 0, view, place)),
    };
  }

  /** As `compute`, but all views of an image lie side by side, so that one binding sees the logits of one image. */
  async #computeParts(group: SampleBatch, placed: readonly PlacedView[], imageBytes: number): Promise<ScoreBatch> {
    const images = group.samples.length;
    const places = new ImagePlaces(this.gpu, images, imageBytes, winnerBytes(group));
    const views = placed.map(({ view, place, bytes }) => {
      return { view, place: { ...place, offset: place.offset / images }, bytes };
    });
    for (const { view, place, bytes } of shownOrder(group, views)) {
      const program = await this.#programs.run(group, view);
      places.fill(this.gpu, program.output("logits"), bytes / images, place.offset * 4);
      if (places.filledBytes > 0 && !view.mirror) places.fillWinners(this.gpu, program.output("winner"));
    }
    return places.batch((image) => ({
      ...labelSizesOf(group, image),
      views: views.map(({ view, place }) => coveredView(this.network.model, group, image, view, place)),
    }));
  }

  /**
   * What the program of a batch of LiDAR scans gives beside the logits, as `logitsProgram` says. To be used before the
   * next batch, which overwrites it.
   */
  async scanOutputs(group: SampleBatch): Promise<ScanOutputs | null> {
    if (group.points === undefined) return null;
    return scanOutputs(await this.#programs.program(group, { size: group.size, mirror: false }));
  }

  /** Frees the programs. */
  async dispose(): Promise<void> {
    await this.#programs.dispose();
  }
}

/** The size of the labels of one image of a batch, and whether kernels are shared by all sizes. */
export function labelSizesOf({ labelSize, labelSizes }: SampleBatch, image: number) {
  const { height, width } = labelSizes?.[image] ?? labelSize;
  return { height, width, ...(labelSizes === undefined ? {} : { sharesKernels: true }) };
}

/**
 * A view of one image of a batch, with what the image covers of its logits if it is padded, and of its score map if there
 * is one.
 */
export function coveredView(
  { alignCorners, scoreMap }: Pick<Model, "alignCorners" | "scoreMap">,
  { samples, size }: SampleBatch,
  image: number,
  view: View,
  place: ScoreView,
): ScoreView {
  const sample = samples[image];
  if (sample === undefined) return place;
  // The range image of a scan has the size that is asked for.
  const isPadded = sample.image.sensor === undefined && !isSameSize(sample.image, size);
  const { height, width } = isPadded ? coveredSize(sample.image, size, view) : view.size;
  if (scoreMap !== undefined) {
    const cover = (pixels: number) => ({ numerator: pixels, denominator: scoreMap.stride, offset: scoreMap.offset });
    return { ...place, covered: { rows: cover(height), columns: cover(width) } };
  }
  if (!isPadded) return place;
  return {
    ...place,
    covered: {
      rows: coverOf(height, view.size.height, place.height, alignCorners),
      columns: coverOf(width, view.size.width, place.width, alignCorners),
    },
  };
}
