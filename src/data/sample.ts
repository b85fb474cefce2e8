/**
 * Images with their labels, ready for upload, and where they come from. Training, labelling and scoring take them from
 * a `SampleSource` and know nothing of files. An item, whatever it is, only names an image to its source.
 *
 * @module
 */

import { resizeFloats, resizeImage, resizeLabels } from "./resize.ts";
import { resizeSoftLabels, type SoftLabelMap } from "./soft_label_map.ts";
import { requireWorkable } from "./decoders/limits.ts";
import type { ScanSensor } from "./scans/sensor.ts";
import { isExact, isSameSize, type Size, type WorkingSize, workingSize } from "./size.ts";

/** A label map. */
export interface SampleLabelMap extends Size {
  /** The train id of each pixel, `[height, width]`, rows first; 255 = ignored. */
  labels: Uint8Array<ArrayBuffer>;
}

/** The numbers of an image. Which form a network takes is said by its `ImageKind`. */
export interface PixelImage extends Size {
  /**
   * Photographs: the bytes red, green, blue, 255 of each pixel of `[height, width]`. Other images: float32 `[C, height,
   * width]`. LiDAR scans: the rows of the file, float32 `[height, 4 or 5]`: x, y, z, intensity and, if there are five, the
   * ring.
   */
  readonly pixels: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  /** LiDAR scans only: the sensor. Such an image has as many rows as the scan has points, and one column. */
  readonly sensor?: ScanSensor;
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
  /** The name of the image. */
  name: string;
  /** The image at its working size. */
  image: PixelImage;
  /** Train ids `[labelSize.height, labelSize.width]`, 255 where ignored; `null` where there are none. */
  labels: Uint8Array<ArrayBuffer> | null;
  /** The size of `labels`. */
  labelSize: Size | null;
  /**
   * Soft labels, the words of a `SoftLabelMap` of the image's size; absent where there are none. `labels` are then the
   * hard ones that go with them.
   */
  softLabels?: Uint32Array<ArrayBuffer>;
  /** The size of the image before it was resized. */
  originalSize: Size;
}

/** How a sample is made. */
export interface SampleOptions {
  /** How large the image is worked on. */
  size: WorkingSize;
  /**
   * What becomes of the labels. `resized` (default): resized with the image. `original`: kept at their own size, as
   * scoring needs them. `none`: not read. `only`: resized to `size` as an image of their size would be, while the image
   * is not read, so that `image` has no pixels.
   */
  labels?: "resized" | "original" | "none" | "only";
  /**
   * How many pixels the header of an image file may claim, and how many it may have when it is worked on with a given
   * short side. Default 100 million. Images in memory are not bounded.
   */
  maxPixels?: number;
}

/** Where samples come from: files that Workers decode (`Loader`), or memory (`MemorySamples`). */
export interface SampleSource<Item> {
  /** The samples of `items`, in their order, an item as often as it is listed; read ahead where that takes time. */
  load(items: Iterable<Item>, options: SampleOptions): AsyncGenerator<Sample, void, void>;
  /** The sample of one item. */
  loadOne(item: Item, options: SampleOptions): Promise<Sample>;
  /** Whether an image has labels, without a look at them. */
  hasLabels(item: Item): boolean;
}

/** A sample of an image and its labels, both brought to the sizes that are asked for. */
export function makeSample(
  name: string,
  image: PixelImage,
  labels: SampleLabelMap | null,
  options: SampleOptions,
  soft: SoftLabelMap | null = null,
): Sample {
  if (image.sensor !== undefined) return makeScanSample(name, image, options.labels === "none" ? null : labels);
  const originalSize = { height: image.height, width: image.width };
  const found = options.labels === "none" ? null : labels;
  // A scan becomes an image of the working size on the GPU.
  if (image.sensor !== undefined) return { name, image, ...labelFields(found), originalSize };
  const size = boundedSize(name, originalSize, options);
  const placed = found === null || options.labels === "original" ? found : resizeLabelMap(found, size);
  const softLabels = soft === null || options.labels === "none" || options.labels === "original"
    ? {}
    : { softLabels: resizeSoftLabels(soft, size).words };
  return { name, image: resizePixels(image, size), ...labelFields(placed), ...softLabels, originalSize };
}

/**
 * A sample of a LiDAR scan. Neither its points nor their labels have a working size.
 *
 * @throws {Error} where there are fewer or more labels than points.
 */
export function makeScanSample(name: string, scan: PixelImage, labels: SampleLabelMap | null): Sample {
  if (labels !== null && !isSameSize(scan, labels)) {
    throw new Error(
      `Cannot use the labels of ${name}: they are ${labels.height}×${labels.width}, the scan has ${scan.height} points`,
    );
  }
  return { name, image: scan, ...labelFields(labels), originalSize: { height: scan.height, width: scan.width } };
}

/** A sample of labels alone: its image has no pixels. */
export function makeLabelSample(name: string, labels: SampleLabelMap, options: SampleOptions): Sample {
  const originalSize = { height: labels.height, width: labels.width };
  const { height, width } = boundedSize(name, originalSize, options);
  const image = { height, width, pixels: new Uint8Array(0) };
  return { name, image, ...labelFields(resizeLabelMap(labels, image)), originalSize };
}

/** The working size of an image. A thin image with a given short side may become a huge one, which is refused. */
function boundedSize(name: string, own: Size, { size, maxPixels }: SampleOptions): Size {
  const wanted = workingSize(own, size);
  if (maxPixels !== undefined && !isExact(size)) requireWorkable(own, wanted, name, maxPixels);
  return wanted;
}

function resizePixels(image: PixelImage, { height, width }: Size): PixelImage {
  const { pixels } = image;
  if (isSameSize(image, { height, width })) return { height, width, pixels };
  const resized = pixels instanceof Uint8Array
    ? resizeImage(pixels, image.height, image.width, height, width)
    : resizeFloats(pixels, image, { height, width });
  return { height, width, pixels: resized };
}

/** A label map at another size: each pixel takes the nearest label. */
export function resizeLabelMap(map: SampleLabelMap, { height, width }: Size): SampleLabelMap {
  if (isSameSize(map, { height, width })) return map;
  return { height, width, labels: resizeLabels(map.labels, map.height, map.width, height, width) };
}

function labelFields(map: SampleLabelMap | null): Pick<Sample, "labels" | "labelSize"> {
  if (map === null) return { labels: null, labelSize: null };
  return { labels: map.labels, labelSize: { height: map.height, width: map.width } };
}
