/**
 * Makes one sample of one image file and its label file: decode, check, translate, resize. Runs inside the decoding
 * Workers and reads no file itself.
 *
 * @module
 */

import { type LabelTable, translateLabels } from "./class_map.ts";
import { type DecodedImage, type DecodedLabels, decodeImage, decodeLabels } from "./decode.ts";
import { resizeImage, resizeLabels } from "./resize.ts";
import { formatSize, roundSize, type Size } from "./size.ts";

/** One image of a data set. */
export interface Item {
  /** The file name without its ending: the name of everything made from the image. */
  name: string;
  /** A file, or in browsers a URL that starts with `blob:`, `http:` or `https:`. */
  imagePath: string;
  /** As `imagePath`; `null` where there is no label file. */
  labelPath: string | null;
  /** What the ids of the label file become. */
  labelTable: LabelTable;
  /**
   * Whether the labels were made at another size than the image's, as pseudo-labels are. Then they are resized by
   * themselves. Default `false`.
   */
  labelsResized?: boolean;
}

/** The numbers of an image. Which form a network takes is said by its `ImageKind`. */
export interface PixelImage extends Size {
  /** Photographs: `[height, width]` times the bytes red, green, blue, 255. Other images: float32 `[C, height, width]`. */
  readonly pixels: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
}

/**
 * The bytes red, green, blue, 255 of each pixel, for pictures of an image.
 *
 * @throws {Error} if the image has other numbers.
 */
export function rgbPixels({ height, width, pixels }: PixelImage, name: string): Uint8Array<ArrayBuffer> {
  if (pixels instanceof Uint8Array && pixels.length === height * width * 4) return pixels;
  throw new Error(`Cannot draw ${name}: it has no RGB bytes`);
}

/** An image ready for upload, with its labels. Samples are shared by a cache: never change their arrays. */
export interface Sample {
  /** The name of its files. */
  name: string;
  /** The image at its working size. */
  image: PixelImage;
  /** Train ids `[labelSize.height, labelSize.width]`, 255 where ignored; `null` where there is no label file. */
  labels: Uint8Array<ArrayBuffer> | null;
  /** The size of `labels`. */
  labelSize: Size | null;
  /** The size of the image file, before it was resized. */
  originalSize: Size;
}

/** How a sample is made from its files. */
export interface SampleOptions {
  /** The size of the image. `null` keeps each image's own size, rounded to a multiple of `stride`. */
  size: Size | null;
  /** Both sides of the image are made a multiple of it, the nearest. Default 1. */
  stride?: number;
  /**
   * What becomes of the labels. `resized` (default): resized with the image. `original`: kept at their own size, as
   * scoring needs them. `none`: not read. `only`: resized to `size`, while the image file is not read, so that `image`
   * has no pixels.
   */
  labels?: "resized" | "original" | "none" | "only";
}

/** The bytes of an item's files. */
export interface SampleBytes {
  /** The image file; `null` where only labels are wanted. */
  image: Uint8Array | null;
  /** The label file; `null` where there is none. */
  labels: Uint8Array | null;
}

/**
 * Makes a sample of an item from the bytes of its files; the paths of the item only appear in messages.
 *
 * @throws {Error} where a file cannot be read, the two differ in size, or a label id is not one of the data set's.
 */
export async function makeSample(item: Item, bytes: SampleBytes, options: SampleOptions): Promise<Sample> {
  if (bytes.image === null) return labelsOnly(item, bytes.labels, options);
  const decoded = await decodeImage(bytes.image, item.imagePath);
  const originalSize = { height: decoded.height, width: decoded.width };
  const { height, width } = workingSize(originalSize, options);
  const image = { height, width, pixels: resizeImage(decoded.pixels, decoded.height, decoded.width, height, width) };
  if (bytes.labels === null || item.labelPath === null || options.labels === "none") {
    return { name: item.name, image, labels: null, labelSize: null, originalSize };
  }
  const found = decodeLabels(bytes.labels, item.labelPath);
  if (item.labelsResized !== true) requireSameSize(decoded, found, item.imagePath, item.labelPath);
  const labels = translateLabels(found.labels, found.width, item.labelTable, item.labelPath);
  if (options.labels === "original") return { name: item.name, image, labels, labelSize: originalSize, originalSize };
  const resized = resizeLabels(labels, found.height, found.width, height, width);
  return { name: item.name, image, labels: resized, labelSize: { height, width }, originalSize };
}

function labelsOnly(item: Item, bytes: Uint8Array | null, options: SampleOptions): Sample {
  if (bytes === null || item.labelPath === null) throw new Error(`Cannot load labels of ${item.name}: it has none`);
  const found = decodeLabels(bytes, item.labelPath);
  const size = workingSize(found, options);
  const labels = resizeLabels(
    translateLabels(found.labels, found.width, item.labelTable, item.labelPath),
    ...[found.height, found.width, size.height, size.width] as const,
  );
  const originalSize = { height: found.height, width: found.width };
  return { name: item.name, image: { ...size, pixels: new Uint8Array(0) }, labels, labelSize: size, originalSize };
}

/** The size at which an image of `originalSize` is worked on: the wanted one, or its own, rounded to the stride. */
export function workingSize(originalSize: Size, options: SampleOptions): Size {
  return roundSize(options.size ?? originalSize, options.stride ?? 1);
}

function requireSameSize(image: DecodedImage, labels: DecodedLabels, imagePath: string, labelPath: string): void {
  if (image.height === labels.height && image.width === labels.width) return;
  throw new Error(
    `The image ${imagePath} is ${formatSize(image)}, its labels ${labelPath} are ${formatSize(labels)} pixels. ` +
      "Both must have the same size",
  );
}
