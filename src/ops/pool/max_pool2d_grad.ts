/**
 * Gradient of `maxPool2d` at its input.
 *
 * @module
 */

import shader from "../../../shaders/pool/max_pool2d_grad.wgsl" with { type: "text" };
import winnerShader from "../../../shaders/pool/max_pool2d_winner.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";
import { largestDivisor, taps } from "../conv/geometry.ts";
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
      const constants = poolConstants(geometry, vectors);
      const outputs = batch * geometry.outputHeight * geometry.outputWidth * vectors;
      const block = largestDivisor(geometry.stride, [4, 3, 2]);
      const blocks = batch * Math.ceil((height + geometry.paddingTop) / block) *
        Math.ceil((width + geometry.paddingLeft) / block);
      const winner = { scratch: 0 };
      return {
        calls: [
          {
            shader: { name: "pool/max_pool2d_winner", text: winnerShader },
            constants,
            bindings: [x, winner],
            workgroups: grid(outputs, 64),
            iterations: nestedIterations(geometry.kernelHeight, geometry.kernelWidth),
            flops: 4 * outputs * taps(geometry),
          },
          {
            shader: { name: "pool/max_pool2d_grad", text: shader },
            constants: { ...constants, BLOCK: block },
            bindings: [winner, outputGradient, "output"],
            workgroups: grid(blocks * vectors, 64),
            iterations: nestedIterations(...windowsPerPixel(geometry)),
            flops: 4 * outputs * taps(geometry),
          },
        ],
        scratchBytes: [8 * outputs],
      };
    },
  });
}
