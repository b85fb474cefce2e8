/**
 * Probability maps in .npy files, as batches of scores. One image at a time is in memory. Each pass reads the files
 * anew.
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

/** The maps of all images of some files, `[N, C, H, W]` or `[C, H, W]` float32, all of one size. */
export class ProbabilityMaps {
  readonly images: readonly MapImage[];
  readonly classes: number;
  readonly height: number;
  readonly width: number;
  readonly #gpu: Gpu;
  readonly #plain: GPUBuffer;
  readonly #packed: GPUBuffer;
  readonly #prior: GPUBuffer | undefined;

  private constructor(gpu: Gpu, images: readonly MapImage[], shape: readonly number[], hasPrior: boolean) {
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
   * @throws {Error} if a file's type or shape is wrong, or the files differ in classes or size.
   */
  static async open(gpu: Gpu, files: readonly NpyFile[], prior: NpyFile | null): Promise<ProbabilityMaps> {
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
    if (prior !== null && (prior.header.dtype !== "f4" || prior.header.shape.join() !== shape.join())) {
      throw new Error(
        `Cannot use the prior ${prior.path}: it is [${prior.header.shape.join(", ")}] of ${prior.header.dtype}, ` +
          `the maps take [${shape.join(", ")}] of f4`,
      );
    }
    const maps = new ProbabilityMaps(gpu, images, shape, prior !== null);
    if (prior !== null && maps.#prior !== undefined) {
      await maps.#upload(finite(prior.read(0, maps.#elements), prior.path), maps.#prior);
    }
    return maps;
  }

  /** How the selection reads the batches. */
  get scores(): ScoreOptions {
    const { classes } = this;
    return { classes, isProbability: true, ...(this.#prior === undefined ? {} : { prior: this.#prior }) };
  }

  /** All images, one by one. The next image overwrites the buffer of the one before. */
  get source(): ScoreBatches {
    return { images: this.images.length, batches: () => this.#batches() };
  }

  async *#batches(): AsyncGenerator<ScoreBatch> {
    const { height, width } = this;
    let waiting = 0;
    for (const { file, index } of this.images) {
      const bytes = finite(file.read(index * this.#elements, this.#elements), file.path);
      await this.#upload(bytes, this.#packed);
      yield {
        images: 1,
        height,
        width,
        logits: { buffer: this.#packed, offset: 0, size: this.#packed.size },
        views: [{ offset: 0, height, width, mirror: false }],
      };
      waiting += bytes.length;
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

  async #upload(bytes: Uint8Array<ArrayBuffer>, to: GPUBuffer): Promise<void> {
    const pixels = this.height * this.width;
    this.#gpu.write(this.#plain, bytes);
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
  const { shape, dtype } = file.header;
  if (dtype !== "f4" || shape.length < 3 || shape.length > 4) {
    throw new Error(
      `Cannot use ${file.path}: it is [${shape.join(", ")}] of ${dtype}, expected [N, C, H, W] or [C, H, W] of f4`,
    );
  }
  const sides = shape.slice(-3);
  if (sides.some((side) => side < 1) || (sides[0] ?? 0) > maxClasses) {
    throw new Error(`Cannot use ${file.path}: [${shape.join(", ")}] has no pixel, or more than ${maxClasses} classes`);
  }
  return sides;
}

/**
 * Returns the bytes unchanged if all values are finite. Infinity and NaN are refused, as they have no place in an
 * order. Both have all bits of the exponent set.
 */
function finite(bytes: Uint8Array<ArrayBuffer>, path: string): Uint8Array<ArrayBuffer> {
  const wrong = new Uint32Array(bytes.buffer).findIndex((bits) => (bits & 0x7f800000) === 0x7f800000);
  if (wrong < 0) return bytes;
  const value = new Float32Array(bytes.buffer)[wrong];
  throw new Error(`Cannot use ${path}: element ${wrong} of what was read is ${value}, expected finite numbers`);
}
