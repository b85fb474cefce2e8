/**
 * Labelled images of one size in one file, for a page that adapts: a safetensors file with the bytes `images [N, H, W, 3]`
 * and the class ids `labels [N, H, W]` (255 = ignored). Its metadata name the classes and their colours.
 *
 * @module
 */

import * as v from "valibot";
import { readStoredSafetensors, writeStoredSafetensors } from "../formats/safetensors.ts";
import { storedTensor } from "../formats/stored_tensor.ts";
import { validated } from "../formats/validation.ts";
import type { Colour } from "./encode.ts";
import type { PixelImage, SampleLabelMap } from "./sample.ts";
import type { Size } from "./size.ts";

/** Class names and their colours, in id order. */
export interface PackedClasses {
  readonly classes: readonly string[];
  readonly palette: readonly Colour[];
}

const byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));
const classesSchema = v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(255));
const paletteSchema = v.array(v.strictTuple([byte, byte, byte]));

/** Packs images one by one. */
export class SourcePacker {
  readonly #images: Uint8Array<ArrayBuffer>;
  readonly #labels: Uint8Array<ArrayBuffer>;
  #packed = 0;

  /**
   * Takes room for `count` images.
   *
   * @throws {RangeError} if there is none.
   */
  constructor(readonly count: number, readonly size: Size, readonly names: PackedClasses) {
    if (count < 1) throw new RangeError("Cannot pack a source set of no image");
    const pixels = count * size.height * size.width;
    this.#images = new Uint8Array(pixels * 3);
    this.#labels = new Uint8Array(pixels);
  }

  /**
   * Packs the next image.
   *
   * @param pixels RGBA bytes `[H, W, 4]`.
   * @param labels class ids `[H, W]`.
   * @throws {RangeError} if there are more images than room, or they have another size.
   */
  add(pixels: Uint8Array, labels: Uint8Array): void {
    const area = this.size.height * this.size.width;
    if (this.#packed === this.count) throw new RangeError(`There is room for ${this.count} images`);
    if (pixels.length !== area * 4 || labels.length !== area) {
      throw new RangeError(`Image ${this.#packed} of a packed source set has another size than the set`);
    }
    const start = this.#packed * area;
    for (let pixel = 0; pixel < area; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        this.#images[(start + pixel) * 3 + channel] = pixels[pixel * 4 + channel] ?? 0;
      }
    }
    this.#labels.set(labels, start);
    this.#packed++;
  }

  /**
   * The file.
   *
   * @throws {RangeError} if images are missing.
   */
  bytes(): Uint8Array<ArrayBuffer> {
    const { count, size: { height, width }, names: { classes, palette } } = this;
    if (this.#packed !== count) throw new RangeError(`${this.#packed} of ${count} images were packed`);
    const tensor = (shape: readonly number[], bytes: Uint8Array<ArrayBuffer>) =>
      storedTensor({ shape, dtype: "u8", bytes: () => bytes, where: "packed source set" });
    const tensors = new Map([
      ["images", tensor([count, height, width, 3], this.#images)],
      ["labels", tensor([count, height, width], this.#labels)],
    ]);
    const content = "labelled images for adaptation in a browser";
    return writeStoredSafetensors(tensors, {
      ...{ content, classes: JSON.stringify(classes), palette: JSON.stringify(palette) },
    });
  }
}

/** A packed source set that was read. */
export interface PackedSource extends PackedClasses {
  /** How many images there are. */
  readonly count: number;
  /** The size of each. */
  readonly size: Size;
  /** The pixels of an image, made anew each time. */
  readonly image: (index: number) => PixelImage;
  /** The labels of an image. They lie in the file's own bytes. */
  readonly labels: (index: number) => SampleLabelMap;
}

/**
 * Reads a packed source set.
 *
 * @param source the file's name, for messages.
 * @throws {Error} naming the file and what is wrong with it.
 */
export function readPackedSource(bytes: Uint8Array<ArrayBuffer>, source: string): PackedSource {
  const { tensors, metadata } = readStoredSafetensors(bytes, source);
  const [images, labels] = [tensors.get("images"), tensors.get("labels")];
  const [count = 0, height = 0, width = 0, channels] = images?.shape ?? [];
  const isSound = images?.dtype === "u8" && labels?.dtype === "u8" && channels === 3 && count * height * width > 0 &&
    String(labels.shape) === String([count, height, width]);
  if (images === undefined || labels === undefined || !isSound || metadata.classes === undefined) {
    throw new Error(
      `Cannot use ${source} as a packed source set: it must hold the bytes "images" [N, H, W, 3] and "labels" ` +
        '[N, H, W], and name its "classes"',
    );
  }
  const classes = validated(classesSchema, metadata.classes, source, "classes of");
  const palette = validated(paletteSchema, metadata.palette ?? "[]", source, "palette of");
  if (palette.length !== classes.length) {
    throw new Error(`Cannot use ${source}: it has ${classes.length} classes and ${palette.length} colours`);
  }
  const area = height * width;
  const [pixels, ids] = [images.bytes(), labels.bytes()];
  const stranger = ids.find((id) => id !== 255 && id >= classes.length);
  if (stranger !== undefined) {
    throw new Error(`Cannot use ${source}: it has the label ${stranger}, and ${classes.length} classes`);
  }
  return {
    ...{ classes, palette, count, size: { height, width } },
    image: (index) => ({ height, width, pixels: rgbaOf(pixels.subarray(index * area * 3, (index + 1) * area * 3)) }),
    labels: (index) => ({ height, width, labels: ids.subarray(index * area, (index + 1) * area) }),
  };
}

function rgbaOf(rgb: Uint8Array): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(rgb.length / 3 * 4).fill(255);
  for (let pixel = 0; pixel * 3 < rgb.length; pixel++) {
    for (let channel = 0; channel < 3; channel++) pixels[pixel * 4 + channel] = rgb[pixel * 3 + channel] ?? 0;
  }
  return pixels;
}
