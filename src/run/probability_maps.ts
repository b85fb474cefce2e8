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
import type { ScoreBatch, ScoreBatches, ScoreOptions } from "../selftraining/scores.ts";
import type { NpyFile } from "../disk/npy_files.ts";

/** Bytes that are written to the GPU before its queue is waited for, so that they do not pile up. */
const bytesInFlight = 64 * 2 ** 20;
/** The most classes. Ids are bytes, and 255 means "ignored". */
const maxClasses = 255;

/** Where an image came from. */
export interface MapImage {
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

/** The maps of all images of some files, `[N, C, H, W]` or `[C, H, W]` floats, all of one size. */
export class ProbabilityMaps {
  readonly images: readonly MapImage[];
  readonly classes: number;
  readonly height: number;
  readonly width: number;
  readonly #gpu: Gpu;
  readonly #plain: GPUBuffer;
  readonly #packed: GPUBuffer;
  readonly #prior: GPUBuffer | undefined;
  /** The images whose probabilities have been checked, by their place in `images`. */
  readonly #checked = new Set<number>();

  private constructor(
    gpu: Gpu,
    images: readonly MapImage[],
    shape: readonly number[],
    readonly kind: MapKind,
    hasPrior: boolean,
  ) {
    const [classes = 1, height = 1, width = 1] = shape;
    this.images = images;
    this.classes = classes;
    this.height = height;
    this.width = width;
    this.#gpu = gpu;
    const packedBytes = height * width * paddedChannels(classes) * 4;
    if (packedBytes > gpu.maxBindingBytes) {
      throw new OutOfBudgetError(
        `A probability map of [${
          shape.join(", ")
        }] takes ${packedBytes} bytes on the GPU, this adapter binds at most ` +
          `${gpu.maxBindingBytes}. Save the maps at a lower resolution`,
      );
    }
    this.#plain = gpu.createBuffer(classes * height * width * 4, "maps, class by class");
    this.#packed = gpu.createBuffer(packedBytes, "maps");
    this.#prior = hasPrior ? gpu.createBuffer(packedBytes, "prior") : undefined;
  }

  /**
   * Opens the maps, and the prior `[C, H, W]` if there is one.
   *
   * @throws {Error} if a file's shape is wrong, or the files differ in classes or size.
   */
  static async open(
    gpu: Gpu,
    files: readonly NpyFile[],
    kind: MapKind,
    prior: NpyFile | null,
  ): Promise<ProbabilityMaps> {
    const shape = imageShape(files[0]);
    const images = files.flatMap((file) => {
      const own = imageShape(file);
      if (own.join() !== shape.join()) {
        throw new Error(
          `Cannot use ${file.path}: its maps are [${own.join(", ")}], those of ${files[0]?.path} [${shape.join(", ")}]`,
        );
      }
      const count = file.header.shape.length === 4 ? file.header.shape[0] ?? 0 : 1;
      return Array.from({ length: count }, (_, index) => ({ file, index, count }));
    });
    if (images.length === 0) throw new Error(`Cannot use ${files[0]?.path}: it holds no image`);
    if (prior !== null && prior.header.shape.join() !== shape.join()) {
      throw new Error(
        `Cannot use the prior ${prior.path}: it is [${prior.header.shape.join(", ")}], ` +
          `the maps take [${shape.join(", ")}]`,
      );
    }
    const maps = new ProbabilityMaps(gpu, images, shape, kind, prior !== null);
    if (prior !== null && maps.#prior !== undefined) {
      const values = prior.floats(0, maps.#elements);
      requireValues(values, prior.path, (value) => value >= 0 && value < Infinity, "expected 0 or more");
      await maps.#upload(values, maps.#prior);
    }
    return maps;
  }

  /** How the selection reads the batches. */
  get scores(): ScoreOptions {
    const { classes } = this;
    return {
      classes,
      isProbability: this.kind === "probabilities",
      ...(this.#prior === undefined ? {} : { prior: this.#prior }),
    };
  }

  /** All images, one by one. The next image overwrites the buffer of the one before. */
  get source(): ScoreBatches {
    return { images: this.images.length, batches: () => this.#batches() };
  }

  async *#batches(): AsyncGenerator<ScoreBatch> {
    const { height, width } = this;
    let waiting = 0;
    for (const [place, image] of this.images.entries()) {
      const values = image.file.floats(image.index * this.#elements, this.#elements);
      // Later passes read the same files.
      if (!this.#checked.has(place)) this.#check(values, image);
      this.#checked.add(place);
      await this.#upload(values, this.#packed);
      yield {
        images: 1,
        height,
        width,
        logits: { buffer: this.#packed, offset: 0, size: this.#packed.size },
        views: [{ offset: 0, height, width, mirror: false }],
      };
      waiting += values.byteLength;
      if (waiting < bytesInFlight) continue;
      await this.#gpu.wait();
      waiting = 0;
    }
  }

  /** Frees the buffers. */
  [Symbol.dispose](): void {
    for (const buffer of [this.#plain, this.#packed, this.#prior]) {
      if (buffer !== undefined) this.#gpu.destroyBuffer(buffer);
    }
  }

  get #elements(): number {
    return this.classes * this.height * this.width;
  }

  /**
   * Makes sure that the values are what they are said to be.
   *
   * @throws {Error} naming the file, the image and the first pixel that is wrong.
   */
  #check(values: Float32Array, { file, index, count }: MapImage): void {
    if (this.kind === "logits") {
      requireValues(values, file.path, Number.isFinite, "expected finite numbers");
      return;
    }
    const { classes, width } = this;
    const wrong = wrongPixel(values, classes);
    if (wrong === null) return;
    const { pixel, found } = wrong;
    const place = `row ${Math.floor(pixel / width)}, column ${pixel % width}${count > 1 ? ` of image ${index}` : ""}`;
    throw new Error(
      `Cannot use ${file.path} as probabilities: at ${place} ${found}. If these are logits, pass them with --logits`,
    );
  }

  async #upload(values: Float32Array<ArrayBuffer>, to: GPUBuffer): Promise<void> {
    const pixels = this.height * this.width;
    this.#gpu.write(this.#plain, values);
    this.#gpu.submit([
      await this.#gpu.dispatch(
        { name: "selftraining/channels_last", text: channelsLast },
        { CLASSES: this.classes, CLASS_VECTORS: paddedChannels(this.classes) / 4, PIXELS: pixels },
        [this.#plain, to],
        grid(pixels, 64),
      ),
    ]);
  }
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
