/**
 * Convolutions of at most four input channels, such as a network's first, on software adapters. Forward and both
 * gradients have kernels of their own, in which one invocation takes all taps of the kernel. The general kernels load
 * much for so little arithmetic: a quarter as many vec4f as they multiply and add.
 *
 * @module
 */

import shader from "../../../shaders/conv/conv2d_few_inputs.wgsl" with { type: "text" };
import inputGradShader from "../../../shaders/conv/conv2d_few_inputs_input_grad.wgsl" with { type: "text" };
import weightGradShader from "../../../shaders/conv/conv2d_few_inputs_weight_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import type { DeviceTraits, KernelBinding, KernelCall, Tensor } from "../../graph/tensor.ts";
import { type Epilogue, epilogueBindings, epilogueConstants } from "./epilogue.ts";
import { type ConvolutionGeometry, geometryConstants, largestDivisor, taps } from "./geometry.ts";
import { operands } from "./operands.ts";
import { wholeWeight } from "./slices.ts";

/**
 * Output pixels of one invocation. With 1 the kernel takes 1.3 times as long; 4 are no faster than 2. Compilation takes
 * longer the more there are.
 */
const tilePixels = 2;
/**
 * The largest number of taps times vec4f of output channels. All these weights stand in the shader's text; with 3×3
 * taps and 32 channels it compiles in a second.
 */
const mostWeights = 72;
/**
 * How many blocks of stride × stride pixels, one below the other, an invocation of the input gradient computes. It
 * loads all weights once before the first block, which takes about as long as one block.
 */
const tileRows = 16;
/**
 * The largest number of vec4f of sums that an invocation of the input gradient keeps in registers. All of them stand in
 * the shader's text.
 */
const mostSums = 32;

/** Whether a convolution and its weight gradient are computed by these kernels. */
export function hasFewInputs(geometry: ConvolutionGeometry, weight: Tensor, device: DeviceTraits): boolean {
  const [outputs = 1, inputs = 1] = wholeWeight(geometry, weight).shape;
  return device.software && allowsOtherForms(device) && inputs <= 4 &&
    taps(geometry) * paddedChannels(outputs) / 4 <= mostWeights;
}

/**
 * Whether an op may choose another form than the general direct one. It may not where a schedule says how that one is
 * to compute.
 */
export function allowsOtherForms(device: DeviceTraits): boolean {
  return device.direct !== true && device.schedule?.staging === undefined;
}

/** The launch of a convolution. */
export function fewInputsCall(
  input: Tensor,
  weight: Tensor,
  geometry: ConvolutionGeometry,
  epilogue: Epilogue | undefined,
): KernelCall {
  const [outputs = 1, inputs = 1] = weight.shape;
  const { batch, outputHeight, outputWidth, kernelWidth, stride, dilation } = geometry;
  return {
    shader: { name: "conv/conv2d_few_inputs", text: shader },
    constants: {
      ...geometryConstants(geometry),
      INPUTS: inputs,
      OUTPUT_VECTORS: paddedChannels(outputs) / 4,
      TILE_PIXELS: tilePixels,
      SPAN: (tilePixels - 1) * stride + (kernelWidth - 1) * dilation + 1,
      ...epilogueConstants(epilogue),
    },
    bindings: [input, weight, ...epilogueBindings(epilogue, weight), "output"],
    workgroups: grid(batch * outputHeight * Math.ceil(outputWidth / tilePixels), 64),
    iterations: 0,
    flops: 2 * batch * outputHeight * outputWidth * outputs * inputs * taps(geometry),
  };
}

/** vec4f of outputs whose weight gradients one invocation computes. */
export function fewInputsTile(outputVectors: number): number {
  return largestDivisor(outputVectors, [4, 3, 2]);
}

/** The launch of a weight gradient. Its sum over output rows is left in `splits` parts. */
export function fewInputsWeightGradCall(
  input: Tensor,
  outputGradient: Tensor,
  weightGradient: Tensor,
  geometry: ConvolutionGeometry,
  { splits, target, device }: {
    readonly splits: number;
    readonly target: KernelBinding;
    readonly device: DeviceTraits;
  },
): KernelCall {
  const [outputs = 1, inputs = 1] = weightGradient.shape;
  const { batch, outputHeight, outputWidth, kernelWidth, stride, dilation } = geometry;
  const outputVectors = paddedChannels(outputs) / 4;
  const tile = fewInputsTile(outputVectors);
  const stepTaps = stride % dilation === 0 ? Math.min(stride / dilation, kernelWidth) : kernelWidth;
  const { includes, bindings } = operands(device, input, outputGradient);
  return {
    shader: { name: "conv/conv2d_few_inputs_weight_grad", text: weightGradShader, includes },
    constants: {
      ...geometryConstants(geometry),
      INPUTS: inputs,
      OUTPUT_VECTORS: outputVectors,
      TILE_OUTPUTS: tile,
      SPLITS: splits,
      STEP_TAPS: stepTaps,
      KEPT_TAPS: kernelWidth - stepTaps,
    },
    bindings: [...bindings, target],
    workgroups: grid(splits * outputVectors / tile, 64),
    iterations: nestedIterations(Math.ceil(batch * outputHeight / splits), outputWidth),
    flops: 2 * batch * outputHeight * outputWidth * outputs * inputs * taps(geometry),
  };
}

/**
 * Whether an input gradient is computed by its kernel here: the sums of all pixels that one output pixel reaches must
 * fit into registers.
 */
export function hasFewInputsInputGrad(geometry: ConvolutionGeometry, weight: Tensor, device: DeviceTraits): boolean {
  return hasFewInputs(geometry, weight, device) && rowReach(geometry) * geometry.stride ** 2 <= mostSums;
}

/** The launch of an input gradient. */
export function fewInputsInputGradCall(
  outputGradient: Tensor,
  weight: Tensor,
  geometry: ConvolutionGeometry,
): KernelCall {
  const [outputs = 1, inputs = 1] = weight.shape;
  const { batch, height, width, kernelWidth, stride, dilation, paddingTop, paddingLeft } = geometry;
  const near = Math.min(dilation, stride);
  const rowTiles = Math.ceil(Math.ceil((height + paddingTop) / stride) / tileRows);
  return {
    shader: { name: "conv/conv2d_few_inputs_input_grad", text: inputGradShader },
    constants: {
      ...geometryConstants(geometry),
      INPUTS: inputs,
      OUTPUT_VECTORS: paddedChannels(outputs) / 4,
      TILE_ROWS: tileRows,
      ROW_REACH: rowReach(geometry),
      COLUMNS: Math.floor((kernelWidth - 1) * near / stride) + 1,
      NEAR: near,
      APART: Math.max(dilation, stride),
    },
    bindings: [outputGradient, weight, "output"],
    workgroups: grid(batch * rowTiles * Math.ceil((width + paddingLeft) / stride), 64),
    iterations: nestedIterations(rowReach(geometry) - 1 + tileRows),
    flops: 2 * batch * geometry.outputHeight * geometry.outputWidth * outputs * inputs * taps(geometry),
  };
}

/** How many rows of blocks of stride × stride input pixels one output pixel reaches. */
function rowReach({ kernelHeight, stride, dilation }: ConvolutionGeometry): number {
  return Math.floor((kernelHeight - 1) * dilation / stride) + 1;
}
