/**
 * Gradient of a batch norm at its input.
 *
 * @module
 */

import shader from "../../../shaders/norm/batch_norm_input_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { Tensor } from "../../graph/tensor.ts";
import {
  extent,
  type Normalization,
  normalizationBindings,
  normalizationConstants,
  normalizationSizes,
} from "./normalization.ts";

/**
 * dx from dy, both `[N, C, H, W]`. Without `affineGradient` the statistics are constants: dx = γ·r·dz, r = 1/√(σ² + ε),
 * dz = dy·f′(z). With it (`[2, C]`, from `batchNormAffineGrad`) they are those of the batch:
 * dx = γ·r·(dz − mean(dz) − x̂·mean(dz·x̂)).
 */
export function batchNormInputGrad(
  outputGradient: Tensor,
  normalization: Normalization,
  affineGradient?: Tensor,
): Tensor {
  const { x } = normalization;
  const parameters = normalizationBindings(normalization);
  return new Tensor({
    op: "batchNormInputGrad",
    shape: x.shape,
    inputs: [outputGradient, x, ...parameters, ...(affineGradient === undefined ? [] : [affineGradient])],
    kernels: () => {
      const { pixels, vectors } = extent(x);
      return {
        calls: [{
          shader: { name: "norm/batch_norm_input_grad", text: shader },
          constants: { ...normalizationConstants(normalization), TRAINING: affineGradient !== undefined },
          bindings: [
            outputGradient,
            x,
            ...parameters,
            affineGradient ?? x,
            normalizationSizes(normalization),
            "output",
          ],
          workgroups: grid(Math.ceil(pixels / 8) * vectors, 64),
          iterations: 0,
          flops: (affineGradient === undefined ? 20 : 32) * pixels * vectors,
        }],
      };
    },
  });
}
