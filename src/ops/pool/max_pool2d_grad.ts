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
import { imageRows, inRegions, type Region } from "../../graph/slices.ts";
import { type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { largestDivisor, outputPixels, taps } from "../conv/geometry.ts";
import { inputSlice, outputSlice } from "../conv/slices.ts";
import { poolConstants, type PoolGeometry, windowsPerPixel } from "./geometry.ts";

/** dx `[N, C, H, W]` from the pooled input `[N, C, H, W]` and dy `[N, C, Ho, Wo]`. */
export function maxPool2dGrad(
  x: Tensor,
  outputGradient: Tensor,
  options: { readonly geometry: PoolGeometry },
): Tensor {
  const { geometry } = options;
  return new Tensor({
    op: "maxPool2dGrad",
    shape: x.shape,
    inputs: [x, outputGradient],
    kernels: (output, device) => inRegions(output, device, (region) => kernels(x, outputGradient, geometry, region)),
  });
}

function kernels(x: Tensor, outputGradient: Tensor, whole: PoolGeometry, region: Region): KernelPlan {
  const { geometry, source } = inputSlice(whole, region);
  // A window that holds a pixel of the slice may reach beyond the slice.
  const windows = outputSlice(whole, source);
  const vectors = paddedChannels(x.shape[1] ?? 1) / 4;
  const outputs = outputPixels(geometry) * vectors;
  const block = largestDivisor(geometry.stride, [4, 3, 2]);
  const blocks = geometry.batch * Math.ceil((geometry.height + geometry.paddingTop) / block) *
    Math.ceil((geometry.width + geometry.paddingLeft) / block);
  const winner = { scratch: 0 };
  return {
    calls: [
      {
        shader: { name: "pool/max_pool2d_winner", text: winnerShader },
        constants: poolConstants(windows.geometry, vectors),
        bindings: [imageRows(x, windows.source), winner],
        workgroups: grid(outputs, 64),
        iterations: nestedIterations(geometry.kernelHeight, geometry.kernelWidth),
        flops: 4 * outputs * taps(geometry),
      },
      {
        shader: { name: "pool/max_pool2d_grad", text: shader },
        constants: { ...poolConstants(geometry, vectors), BLOCK: block },
        bindings: [winner, imageRows(outputGradient, source), "output"],
        workgroups: grid(blocks * vectors, 64),
        iterations: nestedIterations(...windowsPerPixel(geometry)),
        flops: 4 * outputs * taps(geometry),
      },
    ],
    scratchBytes: [8 * outputs],
  };
}
