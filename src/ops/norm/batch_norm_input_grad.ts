/**
 * Gradient of a batch norm at its input.
 *
 * @module
 */

import shader from "../../../shaders/norm/batch_norm_input_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { inPixels, pixelRange } from "../../graph/slices.ts";
import { type DeviceTraits, Tensor } from "../../graph/tensor.ts";
import {
  extent,
  type Normalization,
  normalizationBindings,
  normalizationConstants,
  normalizationSizes,
} from "./normalization.ts";

/**
 * dx from dy, both `[N, C, H, W]`, with dz = dy·f′(z) and r = 1/√(σ² + ε).
 *
 * Without `affineGradient` the statistics are constants: dx = γ·r·dz. With it (`[2, C]`, from `batchNormAffineGrad`)
 * they are those of the batch: dx = γ·r·(dz − mean(dz) − x̂·mean(dz·x̂)).
 */
export function batchNormInputGrad(
  outputGradient: Tensor,
  normalization: Normalization,
  affineGradient?: Tensor,
): Tensor {
  const { x } = normalization;
  const parameters = normalizationBindings(normalization);
  const kernels = (isInPlace: boolean) => (output: Tensor, device: DeviceTraits) =>
    inPixels(output, device, (range) => {
      const { vectors } = extent(x);
      const pixels = pixelRange(x, range);
      const includes = isInPlace ? { "lib/gradient_apart.wgsl": "lib/gradient_in_place.wgsl" } : {};
      return {
        calls: [{
          shader: { name: "norm/batch_norm_input_grad", text: shader, includes },
          constants: { ...normalizationConstants(normalization), TRAINING: affineGradient !== undefined },
          bindings: [
            pixels,
            ...parameters,
            affineGradient ?? pixels,
            normalizationSizes(normalization, range.count),
            "output",
            ...isInPlace ? [] : [pixelRange(outputGradient, range)],
          ],
          workgroups: grid(Math.ceil(range.count / 8) * vectors, 64),
          iterations: 0,
          flops: (affineGradient === undefined ? 20 : 32) * range.count * vectors,
        }],
      };
    });
  return new Tensor({
    op: "batchNormInputGrad",
    shape: x.shape,
    inputs: [outputGradient, x, ...parameters, ...(affineGradient === undefined ? [] : [affineGradient])],
    kernels: kernels(false),
    inPlace: { of: outputGradient, kernels: kernels(true) },
  });
}
