/**
 * A window of an image. It may reach beyond the image, so it pads as well as it crops.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/crop.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions, type Range } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";

/** A window of an image, in pixels. */
export interface CropOptions {
  /** Row of the image where the window begins; negative above the image. */
  readonly top: number;
  /** Column of the image where the window begins; negative to the left of the image. */
  readonly left: number;
  /** Rows of the window. */
  readonly height: number;
  /** Columns of the window. */
  readonly width: number;
}

/**
 * y[n,c,i,j] = x[n, c, top + i, left + j], and 0 where that lies outside of x: `[N, C, H, W]` → `[N, C, height,
 * width]`. Its gradient is the window of the output's gradient that begins at (−top, −left).
 *
 * @throws {RangeError} if a number is not whole, a side is below 1, or x is not an image.
 */
export function crop(x: Tensor, options: CropOptions): Tensor {
  const { top, left, height, width } = options;
  const isWindow = [top, left, height, width].every(Number.isSafeInteger) && height >= 1 && width >= 1;
  if (!isWindow || x.layout !== "activation" || x.shape.length !== 4) {
    refuse("crop", `${x} has no window of ${height}×${width} pixels from row ${top} and column ${left}`);
  }
  const [batch = 1, channels = 1, inputHeight = 1, inputWidth = 1] = x.shape;
  const vectors = paddedChannels(channels) / 4;
  return new Tensor({
    op: "crop",
    shape: [batch, channels, height, width],
    inputs: [x],
    gradient: (outputGradient) => [
      () => crop(outputGradient, { top: -top, left: -left, height: inputHeight, width: inputWidth }),
    ],
    kernels: (output, device) =>
      inRegions(output, device, ({ images, rows }) => {
        // Several images are always whole.
        const source = rows.count === height ? { first: 0, count: inputHeight } : rowsInside(rows, top, inputHeight);
        return {
          calls: [{
            shader: { name: "arithmetic/crop", text: shader },
            constants: {
              BATCH: images.count,
              HEIGHT: source.count,
              WIDTH: inputWidth,
              ROWS: rows.count,
              COLUMNS: width,
              VECTORS: vectors,
              TOP: top + rows.first - source.first >>> 0,
              LEFT: left >>> 0,
            },
            bindings: [imageRows(x, { images, rows: source }), "output"],
            workgroups: grid(images.count * rows.count * width * vectors, 64),
            iterations: 0,
          }],
        };
      }),
  });
}

/** The rows of an image that some rows of a window show, at least one. */
function rowsInside({ first, count }: Range, top: number, height: number): Range {
  const start = Math.min(Math.max(first + top, 0), height - 1);
  return { first: start, count: Math.max(1, Math.min(first + top + count, height) - start) };
}
