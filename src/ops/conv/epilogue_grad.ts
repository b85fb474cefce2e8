/**
 * Gradient of a batch norm that is folded into a convolution's epilogue, at the convolution's sums.
 *
 * @module
 */

import shader from "../../../shaders/conv/epilogue_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { inPixels, pixelRange } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { type Activation, activationConstants } from "../activation/kind.ts";
import { extent } from "../norm/normalization.ts";
import { pixelSizes } from "../reduce/pixel_splits.ts";

/**
 * dv = scale · dy · f′ from dy `[N, C, H, W]`, for y = f(scale · v + shift + residual) of which scale and shift are
 * constants.
 *
 * @param y the result, which tells on which side of its kinks the activation's input lies (`outputTellsSide`). Without
 * an activation it is not read.
 * @param scaleAndShift `[2, C]`.
 */
export function epilogueGrad(
  outputGradient: Tensor,
  y: Tensor,
  scaleAndShift: Tensor,
  activation: Activation,
): Tensor {
  const isActivated = activation !== "none";
  return new Tensor({
    op: "epilogueGrad",
    shape: outputGradient.shape,
    inputs: [outputGradient, scaleAndShift, ...(isActivated ? [y] : [])],
    kernels: (output, device) =>
      inPixels(output, device, (range) => {
        const { vectors } = extent(output);
        const gradient = pixelRange(outputGradient, range);
        return {
          calls: [{
            shader: { name: "conv/epilogue_grad", text: shader },
            constants: activationConstants(activation),
            bindings: [
              gradient,
              isActivated ? pixelRange(y, range) : gradient,
              scaleAndShift,
              pixelSizes(range.count, vectors),
              "output",
            ],
            workgroups: grid(Math.ceil(range.count / 8) * vectors, 64),
            iterations: 0,
            flops: 8 * range.count * vectors,
          }],
        };
      }),
  });
}
