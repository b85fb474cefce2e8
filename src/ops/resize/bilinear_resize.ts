/**
 * Bilinear resize of whole images. Losses and label kernels interpolate by themselves and need no resized logits.
 *
 * @module
 */

import shader from "../../../shaders/resize/bilinear_resize.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { requireInterpolation, rowsBetween } from "./between.ts";
import { refuse } from "../refuse.ts";
import { bilinearResizeGrad } from "./bilinear_resize_grad.ts";

/** Options of `bilinearResize`. */
export interface BilinearResizeOptions {
  /** Height of the output. */
  readonly height: number;
  /** Width of the output. */
  readonly width: number;
  /**
   * Whether the centres of the corner pixels of input and output coincide, as in the DeepLab networks of CBST and CRST.
   * If not, the outer corners of the two images coincide. Default `false`.
   */
  readonly alignCorners?: boolean;
  /** `[N, C, height, width]`, added to the result in the same pass. Default: none. */
  readonly residual?: Tensor | undefined;
}

/**
 * Bilinear resize: `[N, C, H, W]` → `[N, C, height, width]`, without smoothing when it shrinks. Source: definition of
 * PyTorch's `interpolate(mode="bilinear")`.
 *
 * @throws {RangeError} if a side of the output is below 1 or no integer, a side of the input times that of the output is
 * 2³⁰ or more and they differ, or the residual has not the output's shape.
 */
export function bilinearResize(x: Tensor, options: BilinearResizeOptions): Tensor {
  const { height, width, alignCorners = false, residual } = options;
  if (![height, width].every((side) => Number.isInteger(side) && side >= 1) || x.layout !== "activation") {
    refuse("bilinearResize", `${x} cannot be resized to ${height}×${width}`);
  }
  const [batch = 1, channels = 1, inputHeight = 1, inputWidth = 1] = x.shape;
  requireInterpolation("bilinearResize", [inputHeight, inputWidth], [height, width]);
  const shape = [batch, channels, height, width];
  if (residual !== undefined && (residual.shape.join() !== shape.join() || residual.layout !== "activation")) {
    refuse("bilinearResize", `the residual ${residual} is not [${shape.join(", ")}] of activations`);
  }
  return new Tensor({
    op: "bilinearResize",
    shape,
    inputs: [x, ...(residual === undefined ? [] : [residual])],
    gradient: (outputGradient) => [
      () => bilinearResizeGrad(outputGradient, { height: inputHeight, width: inputWidth, alignCorners }),
      ...(residual === undefined ? [] : [() => outputGradient]),
    ],
    kernels: (output, device) =>
      inRegions(output, device, ({ images, rows }) => {
        const vectors = paddedChannels(channels) / 4;
        const outputs = images.count * rows.count * width * vectors;
        const source = rowsBetween(rows, { inputSize: inputHeight, outputSize: height, alignCorners });
        const inputs = imageRows(x, { images, rows: source });
        return {
          calls: [{
            shader: { name: "resize/bilinear_resize", text: shader },
            constants: {
              BATCH: images.count,
              HEIGHT: inputHeight,
              WIDTH: inputWidth,
              OUTPUT_HEIGHT: height,
              OUTPUT_WIDTH: width,
              VECTORS: vectors,
              ALIGN_CORNERS: alignCorners,
              FIRST_ROW: source.first,
              ROWS: source.count,
              FIRST_OUTPUT_ROW: rows.first,
              OUTPUT_ROWS: rows.count,
              HAS_RESIDUAL: residual !== undefined,
            },
            bindings: [inputs, residual === undefined ? inputs : imageRows(residual, { images, rows }), "output"],
            workgroups: grid(outputs, 64),
            iterations: 0,
            flops: 36 * outputs,
          }],
        };
      }),
  });
}
