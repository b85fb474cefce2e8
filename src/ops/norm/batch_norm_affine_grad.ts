/**
 * Gradients of a batch norm at β and γ.
 *
 * @module
 */

import shader from "../../../shaders/norm/batch_norm_affine_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { splitSum } from "../../graph/split_sum.ts";
import { Tensor } from "../../graph/tensor.ts";
import { pixelSplits } from "../reduce/pixel_splits.ts";
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
      const { splits, pixelsPerSplit } = pixelSplits(pixels, vectors, device);
      return splitSum(splits, output.bytes, device, (target) => ({
        shader: { name: "norm/batch_norm_affine_grad", text: shader },
        constants: normalizationConstants(normalization),
        bindings: [outputGradient, x, ...parameters, normalizationSizes(normalization, splits), target],
        workgroups: grid(splits * vectors, 64),
        iterations: pixelsPerSplit,
        flops: 28 * pixels * vectors,
      }));
    },
  });
}
