/**
 * Gradient of `depthwiseConv2d` at its input.
 *
 * @module
 */

import shader from "../../../shaders/conv/depthwise_conv2d_input_grad.wgsl" with { type: "text" };
import blocksShader from "../../../shaders/conv/depthwise_conv2d_input_grad_blocks.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { type DeviceTraits, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { depthwiseTunable } from "./candidates.ts";
import { depthwiseKernels } from "./depthwise_conv2d.ts";
import { type ConvolutionGeometry, geometryConstants, taps, transposedGeometry } from "./geometry.ts";
import { inputSlice } from "./slices.ts";
import { evenly } from "./sweep.ts";

/** Pixels of a row and phase that one invocation of the gather computes. */
const tileColumns = 8;
/** Rows and columns of blocks that one invocation walks over, at most. */
const blockTile = { rows: 12, columns: 4 };

/**
 * dx `[N, C, H, W]` from dy `[N, C, Ho, Wo]` and the weights `[C, 1, R, S]` of a convolution with this geometry. At
 * stride 1 it is a convolution of dy with the flipped kernel. With a stride it takes blocks of stride × stride pixels.
 * With stride and dilation it gathers by phase.
 */
export function depthwiseConv2dInputGrad(
  outputGradient: Tensor,
  weight: Tensor,
  options: { readonly geometry: ConvolutionGeometry },
): Tensor {
  const { geometry } = options;
  return new Tensor({
    op: "depthwiseConv2dInputGrad",
    shape: [geometry.batch, weight.shape[0] ?? 1, geometry.height, geometry.width],
    inputs: [outputGradient, weight],
    ...(geometry.stride === 1
      ? {
        tunable: depthwiseTunable(
          "inputGrad",
          weight.shape[0] ?? 1,
          geometry,
          (dy, w) => depthwiseConv2dInputGrad(dy, w, options),
        ),
      }
      : {}),
    kernels: (output, traits) =>
      inRegions(output, traits, (region) => {
        const slice = inputSlice(geometry, region);
        return kernels(imageRows(outputGradient, slice.source), weight, slice.geometry, traits);
      }),
  });
}

function kernels(outputGradient: Tensor, weight: Tensor, geometry: ConvolutionGeometry, traits: DeviceTraits) {
  if (geometry.stride === 1) {
    return depthwiseKernels(outputGradient, weight, transposedGeometry(geometry), traits, undefined, true);
  }
  return geometry.dilation === 1 ? blocks(outputGradient, weight, geometry) : gather(outputGradient, weight, geometry);
}

function blocks(outputGradient: Tensor, weight: Tensor, geometry: ConvolutionGeometry): KernelPlan {
  const { batch, stride } = geometry;
  const vectors = paddedChannels(weight.shape[0] ?? 1) / 4;
  const rows = Math.ceil((geometry.height + geometry.paddingTop) / stride);
  const columns = Math.ceil((geometry.width + geometry.paddingLeft) / stride);
  const tileRows = evenly(rows, blockTile.rows);
  const tileColumns = evenly(columns, blockTile.columns);
  const tiles = batch * Math.ceil(rows / tileRows) * Math.ceil(columns / tileColumns);
  return {
    calls: [{
      shader: { name: "conv/depthwise_conv2d_input_grad_blocks", text: blocksShader },
      constants: {
        ...geometryConstants(geometry),
        VECTORS: vectors,
        TILE_ROWS: tileRows,
        TILE_COLUMNS: tileColumns,
        ROW_REACH: Math.ceil(geometry.kernelHeight / stride),
        COLUMN_REACH: Math.ceil(geometry.kernelWidth / stride),
      },
      bindings: [outputGradient, weight, "output"],
      workgroups: grid(tiles * vectors, 64),
      iterations: tileRows,
      flops: 8 * batch * geometry.outputHeight * geometry.outputWidth * vectors * taps(geometry),
    }],
  };
}

function gather(outputGradient: Tensor, weight: Tensor, geometry: ConvolutionGeometry): KernelPlan {
  const { batch, height, width, stride } = geometry;
  const vectors = paddedChannels(weight.shape[0] ?? 1) / 4;
  const columnTiles = Math.ceil(Math.ceil(width / stride) / tileColumns);
  const [x, y] = grid(batch * Math.ceil(height / stride) * columnTiles * vectors, 64);
  return {
    calls: [{
      shader: { name: "conv/depthwise_conv2d_input_grad", text: shader },
      constants: { ...geometryConstants(geometry), VECTORS: vectors, TILE_COLUMNS: tileColumns },
      bindings: [outputGradient, weight, "output"],
      workgroups: [x, y, stride * stride],
      iterations: taps(geometry) + geometry.kernelHeight,
      flops: 8 * batch * geometry.outputHeight * geometry.outputWidth * vectors * taps(geometry),
    }],
  };
}
