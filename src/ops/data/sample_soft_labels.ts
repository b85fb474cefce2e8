/**
 * Crops of soft label maps in the compact form of `SoftLabelMap`.
 *
 * @module
 */

import shader from "../../../shaders/data/sample_soft_labels.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { geometryOf, requireGeometry } from "./geometry.ts";
import type { CropSize } from "./sample.ts";

/** Words of a pixel. */
const words = 3;

/** Options of `sampleSoftLabels`. */
export interface SampleSoftLabelsOptions extends CropSize {
  /** Number of classes. */
  readonly classes: number;
}

/**
 * Crops of soft labels: `[N, H, 3·W]` words, three for each pixel as in `SoftLabelMap` → `[N, C, height, width]`. A crop
 * lies bilinearly between four pixels; then its shares are divided by their sum. A pixel is ignored, all shares 0, where
 * the nearest of the four is, as its hard label would be (CRST's `SoftGTA5StMineDataSet`). Where the geometry is that of
 * hard labels (`nearestLabels`), it takes the nearest pixel. It is 0 beyond the scaled map. Has no gradient.
 *
 * @param geometry `[N, 12]`, plain: `sampleGeometryValues` of each sample.
 * @throws {RangeError} if a shape, type or layout does not fit.
 */
export function sampleSoftLabels(labels: Tensor, geometry: Tensor, options: SampleSoftLabelsOptions): Tensor {
  const [batch = 1, sourceHeight = 1, rowWords = words] = labels.shape;
  const fits = labels.shape.length === 3 && labels.dtype === "u32" && labels.layout === "plain" &&
    rowWords % words === 0;
  if (!fits) refuse("sampleSoftLabels", `${labels} (${labels.dtype}, ${labels.layout}) must be u32 plain [N, H, 3·W]`);
  requireGeometry("sampleSoftLabels", geometry, batch);
  const { height, width, classes } = options;
  const vectors = paddedChannels(classes) / 4;
  return new Tensor({
    op: "sampleSoftLabels",
    shape: [batch, classes, height, width],
    inputs: [labels, geometry],
    kernels: (output, device) =>
      // A row of a crop may come from any row of its image, so a slice reads whole images.
      inRegions(output, device, ({ images, rows }) => ({
        calls: [{
          shader: { name: "data/sample_soft_labels", text: shader },
          constants: {
            ...{ BATCH: images.count, HEIGHT: sourceHeight, WIDTH: rowWords / words, CROP_WIDTH: width },
            ...{ FIRST_ROW: rows.first, ROWS: rows.count, VECTORS: vectors },
          },
          bindings: [
            imageRows(labels, { images, rows: { first: 0, count: sourceHeight } }),
            geometryOf(geometry, images),
            "output",
          ],
          workgroups: grid(images.count * rows.count * width, 64),
          iterations: nestedIterations(vectors),
          flops: images.count * rows.count * width * (40 + 20 * vectors * 4),
        }],
      })),
  });
}
