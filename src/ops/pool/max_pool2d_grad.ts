/**
 * Gradient of `maxPool2d` at its input.
 *
 * @module
 */

import shader from "../../../shaders/pool/max_pool2d_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";
import { taps } from "../conv/geometry.ts";
import { poolConstants, type PoolGeometry, windowsPerPixel } from "./geometry.ts";

/** dx `[N, C, H, W]` from the pooled input `[N, C, H, W]` and dy `[N, C, Ho, Wo]`. */
export function maxPool2dGrad(
  x: Tensor,
  outputGradient: Tensor,
  options: { readonly geometry: PoolGeometry },
): Tensor {
  const { geometry } = options;
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  return new Tensor({
    op: "maxPool2dGrad",
    shape: x.shape,
    inputs: [x, outputGradient],
    kernels: () => {
      const vectors = paddedChannels(channels) / 4;
      const windows = windowsPerPixel(geometry);
      return {
        calls: [{
          shader: { name: "pool/max_pool2d_grad", text: shader },
          constants: poolConstants(geometry, vectors),
          bindings: [x, outputGradient, "output"],
          workgroups: grid(batch * height * width * vectors, 64),
          iterations: nestedIterations(...windows, geometry.kernelHeight, geometry.kernelWidth),
          flops: 4 * batch * geometry.outputHeight * geometry.outputWidth * vectors * taps(geometry) ** 2,
        }],
      };
    },
  });
}
