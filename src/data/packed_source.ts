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

/** Images to pack. */
export interface PackedImages extends PackedClasses {
  /** How many there are. */
  readonly count: number;
  /** The size of each. */
  readonly size: Size;
  /** Red, green and blue of each pixel, `[N, height, width, 3]`. */
  readonly images: Uint8Array<ArrayBuffer>;
  /** Class ids `[N, height, width]`, 255 = ignored. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/**
 * The file that holds the images.
 *
 * @throws {RangeError} if there is none, or the arrays have another length than the sizes say.
 */
export function packSource(packed: PackedImages): Uint8Array<ArrayBuffer> {
  const { classes, palette, count, size: { height, width }, images, labels } = packed;
  const pixels = count * height * width;
  if (count < 1 || images.length !== pixels * 3 || labels.length !== pixels) {
    throw new RangeError(
      `Cannot pack ${count} images of ${height}×${width}: there are ${images.length} bytes of pixels and ` +
        `${labels.length} labels`,
    );
  }
  const tensor = (shape: readonly number[], bytes: Uint8Array<ArrayBuffer>) =>
    storedTensor({ shape, dtype: "u8", bytes: () => bytes, where: "packed source set" });
  const tensors = new Map([
    ["images", tensor([count, height, width, 3], images)],
    ["labels", tensor([count, height, width], labels)],
  ]);
  const content = "labelled images for adaptation in a browser";
  return writeStoredSafetensors(tensors, {
    ...{ content, classes: JSON.stringify(classes), palette: JSON.stringify(palette) },
  });
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
