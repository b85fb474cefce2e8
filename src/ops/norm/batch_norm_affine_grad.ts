/**
 * Gradients of a batch norm at β and γ.
 *
 * @module
 */

import shader from "../../../shaders/norm/batch_norm_affine_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { pixelRange } from "../../graph/slices.ts";
import { splitSum } from "../../graph/split_sum.ts";
import { Tensor } from "../../graph/tensor.ts";
import { pixelSplits, pixelSumCalls } from "../reduce/pixel_splits.ts";
import {
  extent,
  type Normalization,
  normalizationBindings,
  normalizationConstants,
  normalizationSizes,
} from "./normalization.ts";

/** `[2, C]`: row 0 is dβ = Σ dz, row 1 is dγ = Σ dz·x̂, with dz = dy·f′(z); from dy `[N, C, H, W]`. */
export function batchNormAffineGrad(outputGradient: Tensor, normalization: Normalization): Tensor {
  const { x } = normalization;
  const parameters = normalizationBindings(normalization);
  return new Tensor({
    op: "batchNormAffineGrad",
    shape: [2, x.shape[1] ?? 1],
    layout: "channels",
    inputs: [outputGradient, x, ...parameters],
    kernels: (output, device) => {
      const { pixels, vectors } = extent(x);
      const all = pixelSplits(pixels, vectors, device);
      return splitSum(
        all.splits,
        output.bytes,
        device,
        (parts) =>
          pixelSumCalls(pixels, all, parts, output, device, ({ pixels, ...slice }, target) => ({
            shader: { name: "norm/batch_norm_affine_grad", text: shader },
            constants: normalizationConstants(normalization),
            bindings: [
              ...[pixelRange(outputGradient, pixels), pixelRange(x, pixels), ...parameters],
              ...[normalizationSizes(normalization, pixels.count, slice), target],
            ],
            workgroups: grid(slice.splits * vectors, 64),
            iterations: slice.pixelsPerSplit,
            flops: 28 * pixels.count * vectors,
          })),
      );
    },
  });
}
