/**
 * What a network takes: how many channels, bytes or floats, how they are normalised, and how crops are drawn. Each
 * model names its kind of images. The trainer, inference, tuning and the memory plan ask that kind, and know nothing
 * else of images.
 *
 * @module
 */

import type { PixelImage } from "../data/sample.ts";
import type { Size } from "../data/size.ts";
import { paddedChannels, storedBytes } from "../graph/layout.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import { type Normalization, sampleImages } from "../ops/data/sample.ts";
import { sampleFloats } from "../ops/data/sample_floats.ts";

/** A kind of images. It takes images from the arrays of a sample to the batch that the network sees. */
export interface ImageKind {
  /** Its name in messages, such as `RGB bytes`. */
  readonly name: string;
  /** Channels of the batch. */
  readonly channels: number;
  /** Bytes that an image of this size takes on the GPU. */
  readonly bytesOf: (size: Size) => number;
  /**
   * The bytes of an image in the order in which they lie on the GPU.
   *
   * @throws {Error} if the image is of another kind.
   */
  readonly encode: (image: PixelImage, name: string) => Uint8Array<ArrayBuffer>;
  /** A program's input, called `pixels`. It holds the encoded images of a batch, one after the other. */
  readonly input: (batch: number, size: Size) => Tensor;
  /**
   * Samples crops of that input: gives the normalised batch `[N, channels, crop.height, crop.width]`. Scans are
   * projected to range images of that size.
   *
   * @param geometry `[N, 12]`: `sampleGeometryValues` of each sample. Of scans: `scanGeometryValues`.
   */
  readonly sample: (images: Tensor, geometry: Tensor, crop: Size) => Tensor;
  /** What is special of LiDAR scans; absent for all other images. */
  readonly scans?: ScanKind;
}

/** What is special of a kind of images that are made from the points of scans. */
export interface ScanKind {
  /**
   * The channels of range images, `[N, channels, H, W]`.
   *
   * @param points the input of the kind.
   * @param winner `[N, H, W]`: which point each pixel shows, as `projectScans` gives it.
   * @param geometry `[N, 28]`: `scanGeometryValues` of each scan.
   */
  readonly channelsOf: (points: Tensor, winner: Tensor, geometry: Tensor) => Tensor;
}

/** Name of the kind of {@link rgbBytes}. */
const photographs = "RGB bytes";

/** Whether a network takes photographs, whatever way it normalises them. */
export function takesPhotographs({ name }: Pick<ImageKind, "name">): boolean {
  return name === photographs;
}

/**
 * Photographs. Each pixel has four bytes: red, green, blue and 255. The network sees byte · scale + shift of the first
 * three.
 */
export function rgbBytes(normalization: Normalization): ImageKind {
  return {
    name: photographs,
    channels: 3,
    bytesOf: ({ height, width }) => height * width * 4,
    encode(image, name) {
      const { height, width, pixels } = image;
      if (pixels instanceof Uint8Array && pixels.length === height * width * 4) return pixels;
      throw new Error(
        `Cannot use ${name}: the network takes RGB bytes, ${
          height * width * 4
        } for ${height}×${width} pixels; the image ` +
          `has ${describePixels(image)}`,
      );
    },
    input: (batch, { height, width }) => input("pixels", [batch, height, width], { dtype: "u32", layout: "plain" }),
    sample: (images, geometry, crop) => sampleImages(images, geometry, { ...crop, normalization }),
  };
}

/** ImageNet's mean and standard deviation of red, green and blue, from 0 to 1: torchvision's, and those of CBST and CRST. */
const imagenet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
/** ImageNet's mean of red, green and blue, from 0 to 255, as Caffe's VGG16 and ResNets were trained with it. */
const caffeMean = [122.67891434, 116.66876762, 104.00698793];

/**
 * Photographs as networks that were trained on ImageNet see them. `"rgb"`: red, green and blue from 0 to 1, less
 * ImageNet's mean, over its deviation. `"caffe"`: blue, green and red from 0 to 255, less Caffe's mean.
 */
export function imagenetPhotographs(colors: "rgb" | "caffe"): ImageKind {
  if (colors === "caffe") return rgbBytes({ scale: [1, 1, 1], shift: caffeMean.map((mean) => -mean), order: "bgr" });
  const { mean, deviation } = imagenet;
  return rgbBytes({
    scale: deviation.map((deviation) => 1 / (255 * deviation)),
    shift: mean.map((mean, channel) => -mean / (deviation[channel] ?? 1)),
  });
}

/**
 * Images of float32 numbers `[C, H, W]`, such as the range images of a LiDAR. An image is normalised when it is
 * encoded, each channel by itself: value · scale + shift. A crop is 0 beyond the edge of its image. Colour changes
 * (`jitter`) do nothing to such images.
 *
 * @param normalization one scale and one shift for each channel. Default: the values stay as they are.
 * @throws {RangeError} if the number of scales or shifts is not that of the channels.
 */
export function floatChannels(channels: number, normalization?: Normalization): ImageKind {
  const { scale = new Array<number>(channels).fill(1), shift = new Array<number>(channels).fill(0) } = normalization ??
    {};
  if (scale.length !== channels || shift.length !== channels) {
    throw new RangeError(
      `Cannot describe images of ${channels} channels: there are ${scale.length} scales and ${shift.length} shifts`,
    );
  }
  const shapeOf = (batch: number, { height, width }: Size) => [batch, channels, height, width];
  return {
    name: `${channels} float channels`,
    channels,
    bytesOf: (size) => storedBytes(shapeOf(1, size), "f32", "activation"),
    encode(image, name) {
      const { height, width, pixels } = image;
      const plane = height * width;
      if (!(pixels instanceof Float32Array) || pixels.length !== channels * plane || image.sensor !== undefined) {
        throw new Error(
          `Cannot use ${name}: the network takes ${channels} float channels, ${channels * plane} numbers for ` +
            `${height}×${width} pixels; the image has ${describePixels(image)}`,
        );
      }
      // In one pass to where each number lies on the GPU, [H, W, C₄]: this is done for every image of every step.
      const stride = paddedChannels(channels);
      const values = new Float32Array(plane * stride);
      for (let channel = 0; channel < channels; channel++) {
        const factor = scale[channel] ?? 1;
        const summand = shift[channel] ?? 0;
        for (let pixel = 0; pixel < plane; pixel++) {
          values[pixel * stride + channel] = (pixels[channel * plane + pixel] ?? 0) * factor + summand;
        }
      }
      return new Uint8Array(values.buffer);
    },
    input: (batch, size) => input("pixels", shapeOf(batch, size)),
    sample: (images, geometry, crop) => sampleFloats(images, geometry, { ...crop, interpolation: "bilinear" }),
  };
}

/** What an image holds, for messages: `40 bytes`. */
export function describePixels({ height, pixels, sensor }: PixelImage): string {
  if (sensor !== undefined) return `the ${height} points of a LiDAR scan`;
  return `${pixels.length} ${pixels instanceof Uint8Array ? "bytes" : "floats"}`;
}

/**
 * The encoded images of a batch, as `ImageKind.input` takes them. An image may have another shape than `size` if it has
 * no more pixels: they lie at the start of its place, and its geometry must say its size. The rest is zero, as are the
 * places of images that are not there.
 *
 * @param names names of the images, for messages.
 * @throws {Error} naming the image that is of another kind or has too many pixels.
 */
export function encodeBatch(
  kind: ImageKind,
  images: readonly PixelImage[],
  names: readonly string[],
  batch: number,
  size: Size,
): Uint8Array<ArrayBuffer> {
  const each = kind.bytesOf(size);
  const bytes = new Uint8Array(batch * each);
  for (const [index, image] of images.entries()) {
    const name = names[index] ?? "an image";
    if (image.height * image.width > size.height * size.width) {
      throw new Error(
        `Cannot use ${name}: it has ${image.height}×${image.width} pixels, more than the ${size.height}×${size.width} ` +
          "that there is room for",
      );
    }
    bytes.set(kind.encode(image, name), index * each);
  }
  return bytes;
}
