/**
 * Probability maps or logits in .npy files, as batches of scores. One image at a time is in memory. Each pass reads the
 * files anew.
 *
 * @module
 */

import channelsLast from "../../shaders/selftraining/channels_last.wgsl" with { type: "text" };
import { OutOfBudgetError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { grid } from "../gpu/launch.ts";
import { paddedChannels } from "../graph/layout.ts";
import type { Size } from "../data/size.ts";
import type { ScoreBatch, ScoreBatches, ScoreOptions } from "../selftraining/scores.ts";
import { type PriorMaps, resampledPrior } from "../selftraining/spatial_prior.ts";
import type { NpyFile } from "../disk/npy_files.ts";
import { readPrior } from "./given_prior.ts";

/** Bytes that are written to the GPU before its queue is waited for, so that they do not pile up. */
const bytesInFlight = 64 * 2 ** 20;
/** The most classes. Ids are bytes, and 255 means "ignored". */
const maxClasses = 255;

/** Where an image came from, and its size. */
export interface MapImage extends Size {
  readonly file: NpyFile;
  /** Its place in the file. */
  readonly index: number;
  /** How many images the file holds. */
  readonly count: number;
}

/** What the maps hold. Of logits the softmax is taken on the GPU. */
export type MapKind = "probabilities" | "logits";

/** How far a probability may lie outside [0, 1], and the sum of a pixel's probabilities from 1. */
const tolerance = 1e-3;

/** The maps of all images of some files, `[N, C, H, W]` or `[C, H, W]` floats. Files may differ in size. */
export class ProbabilityMaps {
  readonly images: readonly MapImage[];
  readonly classes: number;
  /** The size of all images; `null` where they differ. */
  readonly size: Size | null;
  readonly #gpu: Gpu;
  readonly #plain: GPUBuffer;
  readonly #packed: GPUBuffer;
  readonly #prior: { readonly maps: PriorMaps; readonly buffer: GPUBuffer } | undefined;
  /** The size at which the prior is in its buffer. */
  #priorSize: Size = { height: 0, width: 0 };
  /** The images whose probabilities have been checked, by their place in `images`. */
  readonly #checked = new Set<number>();

  private constructor(
    gpu: Gpu,
    images: readonly MapImage[],
    classes: number,
    readonly kind: MapKind,
    prior: PriorMaps | undefined,
  ) {
    const [first = { height: 1, width: 1 }] = images;
    const largest = images.reduce<Size>((most, one) => pixelsOf(one) > pixelsOf(most) ? one : most, first);
    const isOfOne = images.every(({ height, width }) => height === first.height && width === first.width);
    this.images = images;
    this.classes = classes;
    this.size = isOfOne ? { height: first.height, width: first.width } : null;
    this.#gpu = gpu;
    const packedBytes = this.#packedBytes(largest);
    if (packedBytes > gpu.maxBindingBytes) {
      const shape = [classes, largest.height, largest.width];
      throw new OutOfBudgetError(
        `A probability map of [${
          shape.join(", ")
        }] takes ${packedBytes} bytes on the GPU, this adapter binds at most ` +
          `${gpu.maxBindingBytes}. Save the maps at a lower resolution`,
      );
    }
    this.#plain = gpu.createBuffer(classes * pixelsOf(largest) * 4, "maps, class by class");
    this.#packed = gpu.createBuffer(packedBytes, "maps");
    this.#prior = prior === undefined ? undefined : { maps: prior, buffer: gpu.createBuffer(packedBytes, "prior") };
  }

  /**
   * Opens the maps.
   *
   * @param priorPath the file of a spatial prior, which is resampled to the size of each image.
   * @throws {Error} if a file's shape is wrong, the files differ in classes, or the prior has others.
   */
  static open(gpu: Gpu, files: readonly NpyFile[], kind: MapKind, priorPath?: string): ProbabilityMaps {
    const [classes = 1] = imageShape(files[0]);
    const images = files.flatMap((file) => {
      const [own = 0, height = 0, width = 0] = imageShape(file);
      if (own !== classes) {
        throw new Error(
          `Cannot use ${file.path}: its maps are of ${own} classes, those of ${files[0]?.path} of ${classes}`,
        );
      }
      const count = file.header.shape.length === 4 ? file.header.shape[0] ?? 0 : 1;
      return Array.from({ length: count }, (_, index) => ({ file, index, count, height, width }));
    });
    if (images.length === 0) throw new Error(`Cannot use ${files[0]?.path}: it holds no image`);
    const prior = priorPath === undefined ? undefined : readPrior(priorPath, classes);
    return new ProbabilityMaps(gpu, images, classes, kind, prior);
  }

  /** How the selection reads the batches. */
  get scores(): ScoreOptions {
    const { classes } = this;
    return {
      classes,
      isProbability: this.kind === "probabilities",
      ...(this.#prior === undefined ? {} : { prior: this.#prior.buffer }),
    };
  }

  /** All images, one by one. The next image overwrites the buffers of the one before. */
  get source(): ScoreBatches {
    return { images: this.images.length, batches: () => this.#batches() };
  }

  async *#batches(): AsyncGenerator<ScoreBatch> {
    let waiting = 0;
    for (const [place, image] of this.images.entries()) {
      const { height, width } = image;
      const elements = this.classes * pixelsOf(image);
      const values = image.file.floats(image.index * elements, elements);
      // Later passes read the same files.
      if (!this.#checked.has(place)) this.#check(values, image);
      this.#checked.add(place);
      await this.#upload(values, image);
      this.#bringPrior(image);
      yield {
        images: 1,
        height,
        width,
        logits: { buffer: this.#packed, offset: 0, size: this.#packedBytes(image) },
        views: [{ offset: 0, height, width, mirror: false }],
        sharesKernels: this.size === null,
      };
      waiting += values.byteLength;
      if (waiting < bytesInFlight) continue;
      await this.#gpu.wait();
      waiting = 0;
    }
  }

  /** Frees the buffers. */
  [Symbol.dispose](): void {
    for (const buffer of [this.#plain, this.#packed, this.#prior?.buffer]) {
      if (buffer !== undefined) this.#gpu.destroyBuffer(buffer);
    }
  }

  /** Bytes of an image as the kernels read it. */
  #packedBytes(size: Size): number {
    return pixelsOf(size) * paddedChannels(this.classes) * 4;
  }

  /**
   * Makes sure that the values are what they are said to be.
   *
   * @throws {Error} naming the file, the image and the first pixel that is wrong.
   */
  #check(values: Float32Array, { file, index, count, width }: MapImage): void {
    if (this.kind === "logits") {
      requireValues(values, file.path, Number.isFinite, "expected finite numbers");
      return;
    }
    const wrong = wrongPixel(values, this.classes);
    if (wrong === null) return;
    const { pixel, found } = wrong;
    const place = `row ${Math.floor(pixel / width)}, column ${pixel % width}${count > 1 ? ` of image ${index}` : ""}`;
    throw new Error(
      `Cannot use ${file.path} as probabilities: at ${place} ${found}. If these are logits, pass them with --logits`,
    );
  }

  async #upload(values: Float32Array<ArrayBuffer>, size: Size): Promise<void> {
    const pixels = pixelsOf(size);
    this.#gpu.write(this.#plain, values);
    this.#gpu.submit([
      await this.#gpu.dispatch(
        { name: "selftraining/channels_last", text: channelsLast },
        { CLASSES: this.classes, CLASS_VECTORS: paddedChannels(this.classes) / 4, PIXELS: pixels },
        [this.#plain, this.#packed],
        grid(pixels, 64),
      ),
    ]);
  }

  /** Puts the prior into its buffer at a size, if it is not there. */
  #bringPrior({ height, width }: Size): void {
    if (this.#prior === undefined) return;
    if (this.#priorSize.height === height && this.#priorSize.width === width) return;
    const { maps, buffer } = this.#prior;
    this.#gpu.write(buffer, resampledPrior(maps, { classes: this.classes, size: { height, width } }));
    this.#priorSize = { height, width };
  }
}

function pixelsOf({ height, width }: Size): number {
  return height * width;
}

/** The shape `[C, H, W]` of the maps in a file. */
function imageShape(file: NpyFile | undefined): number[] {
  if (file === undefined) throw new Error("Cannot select: there are no probability maps");
  const { shape } = file.header;
  if (shape.length < 3 || shape.length > 4) {
    throw new Error(`Cannot use ${file.path}: it is [${shape.join(", ")}], expected [N, C, H, W] or [C, H, W]`);
  }
  const sides = shape.slice(-3);
  if (sides.some((side) => side < 1) || (sides[0] ?? 0) > maxClasses) {
    throw new Error(`Cannot use ${file.path}: [${shape.join(", ")}] has no pixel, or more than ${maxClasses} classes`);
  }
  return sides;
}

/** Refuses values that are not what is expected. */
function requireValues(
  values: Float32Array,
  path: string,
  isGood: (value: number) => boolean,
  expected: string,
): void {
  const wrong = values.findIndex((value) => !isGood(value));
  if (wrong < 0) return;
  throw new Error(`Cannot use ${path}: element ${wrong} of what was read is ${values[wrong]}, ${expected}`);
}

/**
 * The first pixel of `[C, P]` whose values are no probabilities, with what was found there; `null` if there is none.
 * NaN is found too, since it compares with nothing. Values that are below 0 by no more than the tolerance become 0: the
 * selection orders scores by their bits, in which a negative number would be the largest.
 */
function wrongPixel(values: Float32Array, classes: number): { readonly pixel: number; readonly found: string } | null {
  const pixels = values.length / classes;
  const sums = new Float64Array(pixels);
  let wrong: { readonly pixel: number; readonly found: string } | null = null;
  for (let id = 0, place = 0; id < classes; id++) {
    for (let pixel = 0; pixel < pixels; pixel++, place++) {
      const value = values[place] ?? 0;
      if (!(value >= -tolerance && value <= 1 + tolerance) && (wrong === null || pixel < wrong.pixel)) {
        wrong = { pixel, found: `class ${id} has ${value}, expected 0 to 1` };
      }
      if (value <= 0) values[place] = 0;
      sums[pixel] = (sums[pixel] ?? 0) + value;
    }
  }
  if (wrong !== null) return wrong;
  const pixel = sums.findIndex((sum) => Math.abs(sum - 1) > tolerance);
  return pixel < 0 ? null : { pixel, found: `the classes sum to ${sums[pixel]?.toPrecision(6)}, expected 1` };
}
