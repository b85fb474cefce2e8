/**
 * Gradient of `depthwiseConv2d` at its weights.
 *
 * @module
 */

import shader from "../../../shaders/conv/depthwise_conv2d_weight_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows } from "../../graph/slices.ts";
import { splitSum, wantedInvocations } from "../../graph/split_sum.ts";
import { type DeviceTraits, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { sumOfRegions } from "../reduce/sum_of_slices.ts";
import { depthwiseTunable } from "./candidates.ts";
import { type ConvolutionGeometry, taps } from "./geometry.ts";
import { outputSlice } from "./slices.ts";
import { sweep } from "./sweep.ts";

/**
 * dw `[C, 1, R, S]` from the input `[N, C, H, W]` and dy `[N, C, Ho, Wo]`.
 *
 * @param options the geometry of the convolution and the shape of its weights.
 */
export function depthwiseConv2dWeightGrad(
  input: Tensor,
  outputGradient: Tensor,
  options: { readonly geometry: ConvolutionGeometry; readonly shape: readonly number[] },
): Tensor {
  return new Tensor({
    op: "depthwiseConv2dWeightGrad",
    shape: options.shape,
    layout: "depthwise",
    inputs: [input, outputGradient],
    tunable: depthwiseTunable(
      "weightGrad",
      options.shape[0] ?? 1,
      options.geometry,
      (x, dy) => depthwiseConv2dWeightGrad(x, dy, options),
    ),
    kernels: (output, traits) =>
      sumOfRegions(options.geometry, output, traits, (region) => {
        const { geometry, source } = outputSlice(options.geometry, region);
        const views = [imageRows(input, source), imageRows(outputGradient, region)] as const;
        return kernels(...views, output, geometry, traits);
      }),
  });
}

function kernels(
  input: Tensor,
  outputGradient: Tensor,
  output: Tensor,
  geometry: ConvolutionGeometry,
  traits: DeviceTraits,
): KernelPlan {
  const vectors = paddedChannels(output.shape[0] ?? 1) / 4;
  // Long tiles load least; a GPU needs many.
  const walk = sweep(geometry, traits, { tileRows: traits.software ? 24 : 8 });
  const tiles = geometry.batch * walk.rowTiles;
  const tilesPerSplit = Math.max(1, Math.floor(tiles * walk.columnTiles * vectors / wantedInvocations(traits)));
  const splits = Math.ceil(tiles / tilesPerSplit) * walk.columnTiles;
  return splitSum(splits, output.bytes, traits, (target) => ({
    shader: { name: "conv/depthwise_conv2d_weight_grad", text: shader },
    constants: { ...walk.constants, VECTORS: vectors, TILES_PER_SPLIT: tilesPerSplit },
    bindings: [input, outputGradient, target],
    workgroups: grid(splits * vectors, 64),
    iterations: tilesPerSplit * (walk.tileRows + 1),
    flops: 8 * geometry.batch * geometry.outputHeight * geometry.outputWidth * vectors * taps(geometry),
  }));
}
