/**
 * From the bytes of images and labels to the batch that a network takes. One launch scales, crops, mirrors, changes
 * colours and normalises. Which crop is taken is decided elsewhere, by counter-based random numbers.
 *
 * @module
 */

import imagesShader from "../../../shaders/data/sample_images.wgsl" with { type: "text" };
import labelsShader from "../../../shaders/data/sample_labels.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import type { DataType } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { geometryOf, requireGeometry } from "./geometry.ts";

/** Normalisation of red, green and blue: byte · scale + shift, each with numbers of its own. */
export interface Normalization {
  /** Three factors, such as 1/127.5. */
  readonly scale: readonly number[];
  /** Three summands, such as −1. */
  readonly shift: readonly number[];
  /** The order of the batch's channels. Scales and shifts are in the order red, green, blue all the same. Default `"rgb"`. */
  readonly order?: "rgb" | "bgr";
}

/** Size of the crops in pixels. */
export interface CropSize {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
}

/** Options of `sampleImages`. */
export interface SampleImagesOptions extends CropSize {
  /** Normalisation of the bytes. It comes before the image is scaled to its new size. */
  readonly normalization: Normalization;
}

/**
 * Crops of images: `[N, H, W]` 4-byte words, which hold red, green, blue and a byte that is not read → `[N, 3, height,
 * width]`, in the order of the normalisation.
 *
 * Each image goes through these steps:
 * 1. Colours change: brightness·v, then v + (contrast − 1)·(v − 127.5), then v + (saturation − 1)·(v − grey), clamped
 * to [0, 255].
 * 2. The values are normalised.
 * 3. The image is scaled bilinearly, with half-pixel centres and no antialiasing.
 * 4. The crop is taken, 0 where it reaches beyond the scaled image, and mirrored.
 *
 * With `wholeImage` geometry the result is exactly v / (1 / scale) + shift, such as v/127.5 − 1, on adapters that
 * divide exactly (WGSL allows an error of 2.5 ulp). Has no gradient.
 *
 * @param geometry `[N, 12]`, plain: `sampleGeometryValues` of each sample.
 * @throws {RangeError} if a shape, type or layout does not fit.
 */
export function sampleImages(images: Tensor, geometry: Tensor, options: SampleImagesOptions): Tensor {
  checkShapes("sampleImages", images, geometry, "u32");
  const { height, width, normalization: { scale, shift, order = "rgb" } } = options;
  const [batch = 1, sourceHeight = 1, sourceWidth = 1] = images.shape;
  if (scale.length !== 3 || shift.length !== 3) {
    refuse("sampleImages", "normalization needs 3 scales and 3 shifts");
  }
  // The shader divides by 1 / scale. So v/127.5 − 1 stays exact; a product with the rounded 1/127.5 would not.
  const [red = 1, green = 1, blue = 1] = scale.map((factor) => 1 / factor);
  const [redShift = 0, greenShift = 0, blueShift = 0] = shift;
  return new Tensor({
    op: "sampleImages",
    shape: [batch, 3, height, width],
    inputs: [images, geometry],
    kernels: (output, device) =>
      // A row of a crop may come from any row of its image, so a slice reads whole images.
      inRegions(output, device, ({ images: { first, count }, rows }) => ({
        calls: [{
          shader: { name: "data/sample_images", text: imagesShader },
          constants: {
            BATCH: count,
            HEIGHT: sourceHeight,
            WIDTH: sourceWidth,
            CROP_WIDTH: width,
            FIRST_ROW: rows.first,
            ROWS: rows.count,
            RED_DIVISOR: red,
            GREEN_DIVISOR: green,
            BLUE_DIVISOR: blue,
            RED_SHIFT: redShift,
            GREEN_SHIFT: greenShift,
            BLUE_SHIFT: blueShift,
            ...order === "rgb" ? {} : { BLUE_FIRST: true },
          },
          bindings: [
            imageRows(images, { images: { first, count }, rows: { first: 0, count: sourceHeight } }),
            geometryOf(geometry, { first, count }),
            "output",
          ],
          workgroups: grid(count * rows.count * width, 64),
          iterations: 0,
          flops: count * rows.count * width * 100,
        }],
      })),
  });
}

/**
 * Crops of label maps: `[N, H, W]` → `[N, height, width]`, both u8 and plain, with the geometry of the images. A crop
 * takes the nearest neighbour, at source index ⌊(2i + 1)·n_in / (2·n_out)⌋. It is 255 beyond the scaled map.
 *
 * @param geometry `[N, 12]`, plain: `sampleGeometryValues` of each sample.
 * @throws {RangeError} if a shape, type or layout does not fit.
 */
export function sampleLabels(labels: Tensor, geometry: Tensor, options: CropSize): Tensor {
  checkShapes("sampleLabels", labels, geometry, "u8");
  const { height, width } = options;
  const [batch = 1] = labels.shape;
  return new Tensor({
    op: "sampleLabels",
    shape: [batch, height, width],
    dtype: "u8",
    layout: "plain",
    inputs: [labels, geometry],
    kernels: () => ({
      calls: [{
        shader: { name: "data/sample_labels", text: labelsShader },
        constants: sizeConstants(labels, options),
        bindings: [labels, geometry, "output"],
        workgroups: grid(Math.ceil(batch * height * width / 4), 64),
        iterations: 0,
      }],
    }),
  });
}

function sizeConstants(source: Tensor, { height, width }: CropSize) {
  const [batch = 1, sourceHeight = 1, sourceWidth = 1] = source.shape;
  return { BATCH: batch, HEIGHT: sourceHeight, WIDTH: sourceWidth, CROP_HEIGHT: height, CROP_WIDTH: width };
}

function checkShapes(op: string, source: Tensor, geometry: Tensor, dtype: DataType): void {
  const [batch = 1] = source.shape;
  if (source.shape.length !== 3 || source.dtype !== dtype || source.layout !== "plain") {
    refuse(op, `${source} (${source.dtype}, ${source.layout}) must be ${dtype} plain [N, H, W]`);
  }
  requireGeometry(op, geometry, batch);
}
