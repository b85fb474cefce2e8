/**
 * Crops of float32 maps: images of any number of channels, soft labels, and the weights of pixels. They take the same
 * geometry as `sampleImages` and `sampleLabels`, so that all crops of a sample show the same place.
 *
 * @module
 */

import floatsShader from "../../../shaders/data/sample_floats.wgsl" with { type: "text" };
import weightsShader from "../../../shaders/data/sample_weights.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { geometryOf, requireGeometry } from "./geometry.ts";
import type { CropSize } from "./sample.ts";

/** Options of `sampleFloats`. */
export interface SampleFloatsOptions extends CropSize {
  /** `"bilinear"`: between four pixels, as for images. `"nearest"`: the nearest pixel, as for labels. */
  readonly interpolation: "bilinear" | "nearest";
}

/**
 * Crops of maps: `[N, C, H, W]` → `[N, C, height, width]`. Each map is scaled with half-pixel centres and no
 * antialiasing. Then the crop is taken, 0 where it reaches beyond the scaled map, and mirrored. Has no gradient.
 *
 * @param geometry `[N, 12]`, plain: `sampleGeometryValues` of each sample. Its factors of colours are not used.
 * @throws {RangeError} if a shape or layout does not fit.
 */
export function sampleFloats(maps: Tensor, geometry: Tensor, options: SampleFloatsOptions): Tensor {
  const [batch = 1, channels = 1, sourceHeight = 1, sourceWidth = 1] = maps.shape;
  if (maps.shape.length !== 4 || maps.layout !== "activation" || maps.dtype !== "f32") {
    refuse("sampleFloats", `${maps} (${maps.dtype}, ${maps.layout}) must be f32 [N, C, H, W]`);
  }
  requireGeometry("sampleFloats", geometry, batch);
  const { height, width, interpolation } = options;
  const vectors = paddedChannels(channels) / 4;
  return new Tensor({
    op: "sampleFloats",
    shape: [batch, channels, height, width],
    inputs: [maps, geometry],
    kernels: (output, device) =>
      // A row of a crop may come from any row of its image, so a slice reads whole images.
      inRegions(output, device, ({ images, rows }) => ({
        calls: [{
          shader: { name: "data/sample_floats", text: floatsShader },
          constants: {
            ...{ BATCH: images.count, HEIGHT: sourceHeight, WIDTH: sourceWidth, CROP_WIDTH: width },
            ...{ FIRST_ROW: rows.first, ROWS: rows.count },
            ...{ VECTORS: vectors, BILINEAR: interpolation === "bilinear" },
          },
          bindings: [
            imageRows(maps, { images, rows: { first: 0, count: sourceHeight } }),
            geometryOf(geometry, images),
            "output",
          ],
          workgroups: grid(images.count * rows.count * width * vectors, 64),
          iterations: 0,
          flops: images.count * rows.count * width * vectors * (interpolation === "bilinear" ? 36 : 0),
        }],
      })),
  });
}

/**
 * Crops of the weights of pixels: `[N, H, W]` → `[N, height, width]`, both f32 and plain. A crop takes the nearest
 * pixel, as for labels. It is 0 beyond the scaled map. Has no gradient.
 *
 * @param geometry `[N, 12]`, plain: `sampleGeometryValues` of each sample.
 * @throws {RangeError} if a shape or layout does not fit.
 */
export function sampleWeights(weights: Tensor, geometry: Tensor, options: CropSize): Tensor {
  const [batch = 1, sourceHeight = 1, sourceWidth = 1] = weights.shape;
  if (weights.shape.length !== 3 || weights.layout !== "plain" || weights.dtype !== "f32") {
    refuse("sampleWeights", `${weights} (${weights.dtype}, ${weights.layout}) must be f32 plain [N, H, W]`);
  }
  requireGeometry("sampleWeights", geometry, batch);
  const { height, width } = options;
  return new Tensor({
    op: "sampleWeights",
    shape: [batch, height, width],
    layout: "plain",
    inputs: [weights, geometry],
    kernels: () => ({
      calls: [{
        shader: { name: "data/sample_weights", text: weightsShader },
        constants: {
          ...{ BATCH: batch, HEIGHT: sourceHeight, WIDTH: sourceWidth, CROP_HEIGHT: height, CROP_WIDTH: width },
        },
        bindings: [weights, geometry, "output"],
        workgroups: grid(batch * height * width, 64),
        iterations: 0,
      }],
    }),
  });
}
