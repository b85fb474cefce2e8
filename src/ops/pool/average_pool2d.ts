/**
 * Average pooling over windows. The mean of a whole image is `globalAveragePool`.
 *
 * @module
 */

import shader from "../../../shaders/pool/average_pool2d.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { outputPixels, taps } from "../conv/geometry.ts";
import { outputSlice } from "../conv/slices.ts";
import { averagePool2dGrad } from "./average_pool2d_grad.ts";
import { averageConstants, poolGeometry, type PoolOptions } from "./geometry.ts";

/** Options of `averagePool2d`; the defaults are PyTorch's. */
export interface AveragePool2dOptions extends PoolOptions {
  /**
   * Whether the sum is divided by the size of the window with its padding. If not, it is divided by the number of the
   * image's pixels in the window. Default `true`.
   */
  readonly countPadding?: boolean;
}

/**
 * The mean of each window: `[N, C, H, W]` → `[N, C, Ho, Wo]`, Ho = ⌊(H + padding − kernel)/stride⌋ + 1. In ceil mode it
 * is rounded up, ⌈ ⌉; a last window may then reach beyond the padding, and what lies there is never counted.
 *
 * @throws {RangeError} if a window does not fit or the padding is more than half of it.
 */
export function averagePool2d(x: Tensor, options: AveragePool2dOptions): Tensor {
  const { countPadding = true } = options;
  const geometry = poolGeometry("averagePool2d", x, options);
  const [batch = 1, channels = 1] = x.shape;
  return new Tensor({
    op: "averagePool2d",
    shape: [batch, channels, geometry.outputHeight, geometry.outputWidth],
    inputs: [x],
    gradient: (
      outputGradient,
    ) => [() => averagePool2dGrad(outputGradient, { geometry, countPadding, shape: x.shape })],
    kernels: (output, device) =>
      inRegions(output, device, (region) => {
        const slice = outputSlice(geometry, region);
        const vectors = paddedChannels(channels) / 4;
        const outputs = outputPixels(slice.geometry) * vectors;
        // In a slice, too, the padding that counts ends where that of the whole image does.
        const end = geometry.paddingTop + geometry.height + geometry.paddingBottom -
          region.rows.first * geometry.stride;
        const paddingBottom = end - slice.geometry.paddingTop - slice.geometry.height;
        return {
          calls: [{
            shader: { name: "pool/average_pool2d", text: shader },
            constants: averageConstants({ ...slice.geometry, paddingBottom }, vectors, countPadding),
            bindings: [imageRows(x, slice.source), "output"],
            workgroups: grid(outputs, 64),
            iterations: nestedIterations(geometry.kernelHeight, geometry.kernelWidth),
            flops: 4 * outputs * taps(geometry),
          }],
        };
      }),
  });
}
