/**
 * Max pooling.
 *
 * @module
 */

import shader from "../../../shaders/pool/max_pool2d.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { outputPixels, taps } from "../conv/geometry.ts";
import { outputSlice } from "../conv/slices.ts";
import { poolConstants, poolGeometry, type PoolOptions } from "./geometry.ts";
import { maxPool2dGrad } from "./max_pool2d_grad.ts";

/**
 * The largest value of each window: `[N, C, H, W]` → `[N, C, Ho, Wo]`, Ho = ⌊(H + padding − kernel)/stride⌋ + 1 (in
 * ceil mode rounded up, ⌈ ⌉). Padding never wins. The gradient goes to the first of the largest elements of a window in
 * row-major order, as in PyTorch.
 *
 * @throws {RangeError} if a window does not fit or the padding is more than half of it.
 */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  const geometry = poolGeometry("maxPool2d", x, options);
  const [batch = 1, channels = 1] = x.shape;
  return new Tensor({
    op: "maxPool2d",
    shape: [batch, channels, geometry.outputHeight, geometry.outputWidth],
    inputs: [x],
    gradient: (outputGradient) => [() => maxPool2dGrad(x, outputGradient, { geometry })],
    kernels: (output, device) =>
      inRegions(output, device, (region) => {
        const slice = outputSlice(geometry, region);
        const vectors = paddedChannels(channels) / 4;
        const outputs = outputPixels(slice.geometry) * vectors;
        return {
          calls: [{
            shader: { name: "pool/max_pool2d", text: shader },
            constants: poolConstants(slice.geometry, vectors),
            bindings: [imageRows(x, slice.source), "output"],
            workgroups: grid(outputs, 64),
            iterations: nestedIterations(geometry.kernelHeight, geometry.kernelWidth),
            flops: 4 * outputs * taps(geometry),
          }],
        };
      }),
  });
}
