/**
 * Gradient of `averagePool2d` at its input.
 *
 * @module
 */

import shader from "../../../shaders/pool/average_pool2d_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";
import { taps } from "../conv/geometry.ts";
import { averageConstants, type PoolGeometry, windowsPerPixel } from "./geometry.ts";

/** dx of the given shape `[N, C, H, W]` from dy `[N, C, Ho, Wo]`. */
export function averagePool2dGrad(
  outputGradient: Tensor,
  options: { readonly geometry: PoolGeometry; readonly countPadding: boolean; readonly shape: readonly number[] },
): Tensor {
  const { geometry, countPadding, shape } = options;
  const [batch = 1, channels = 1, height = 1, width = 1] = shape;
  return new Tensor({
    op: "averagePool2dGrad",
    shape,
    inputs: [outputGradient],
    kernels: () => {
      const vectors = paddedChannels(channels) / 4;
      return {
        calls: [{
          shader: { name: "pool/average_pool2d_grad", text: shader },
          constants: averageConstants(geometry, vectors, countPadding),
          bindings: [outputGradient, "output"],
          workgroups: grid(batch * height * width * vectors, 64),
          iterations: nestedIterations(...windowsPerPixel(geometry)),
          flops: 4 * batch * geometry.outputHeight * geometry.outputWidth * vectors * taps(geometry),
        }],
      };
    },
  });
}
