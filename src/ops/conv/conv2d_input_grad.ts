/**
 * Gradient of `conv2d` at its input (a transposed convolution).
 *
 * @module
 */

import shader from "../../../shaders/conv/conv2d_input_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { type DeviceTraits, type KernelCall, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { convolutionTunable } from "./candidates.ts";
import { fewInputsInputGradCall, hasFewInputsInputGrad } from "./few_inputs.ts";
import { fewOutputsInputGradKernels, hasFewOutputs } from "./few_outputs.ts";
import { type ConvolutionGeometry, inputPixels, sizesOfConvolution, taps, transposedGeometry } from "./geometry.ts";
import { operands } from "./operands.ts";
import { mostStride, phases } from "./phases.ts";
import { isProduct, productCall } from "./product.ts";
import { inputSlice, wholeProduct } from "./slices.ts";
import { convolutionTile } from "./tile.ts";
import { byInputChannels } from "./weight_slices.ts";
import { weightsByOutput } from "./weight_order.ts";
import { winogradKernels } from "./winograd.ts";
import { traitsForTile, winogradRowMultiple, winogradTile } from "./winograd_tile.ts";
import { usesWorkgroups, workgroupProductKernels } from "./workgroup_product.ts";

/**
 * dx from dy `[N, O, Ho, Wo]` and the weights `[O, I, R, S]` of a convolution with this geometry → `[N, I, H, W]`.
 */
export function conv2dInputGrad(
  outputGradient: Tensor,
  weight: Tensor,
  options: { readonly geometry: ConvolutionGeometry },
): Tensor {
  const { geometry } = options;
  const [outputs = 1, inputs = 1] = weight.shape;
  return new Tensor({
    op: "conv2dInputGrad",
    shape: [geometry.batch, inputs, geometry.height, geometry.width],
    inputs: [outputGradient, weight],
    tunable: convolutionTunable(
      { direction: "inputGrad", inputs, outputs, geometry },
      (dy, w) => conv2dInputGrad(dy, w, options),
    ),
    kernels: (output, device) =>
      inRegions(output, slicingTraits(geometry, weight, device), (region) => {
        const slice = inputSlice(geometry, region);
        const dy = imageRows(outputGradient, slice.source);
        const result = imageRows(output, region);
        return byInputChannels(
          weight,
          result,
          device,
          () => kernels(dy, weight, { geometry: slice.geometry, bytes: result.bytes }, device),
          (some) => {
            const geometry = { ...slice.geometry, wholeWeight: weight };
            return kernels(dy, some.weight, { geometry, bytes: some.result.bytes }, device);
          },
        );
      }, rowMultiple(geometry, weight, device)),
  });
}

/**
 * A slice must begin at a multiple of this many rows. Then its phases of the stride, or its tiles, are those of the
 * whole.
 */
function rowMultiple(geometry: ConvolutionGeometry, weight: Tensor, device: DeviceTraits): number {
  return geometry.stride > 1 ? geometry.stride : winogradRowMultiple(transposedGeometry(geometry), weight, device);
}

/** The traits by which the gradient is cut into slices. */
function slicingTraits(geometry: ConvolutionGeometry, weight: Tensor, device: DeviceTraits): DeviceTraits {
  if (isProduct(geometry) || geometry.stride > 1) return device;
  return traitsForTile(winogradTile(transposedGeometry(geometry), weight, device), device);
}

function kernels(
  outputGradient: Tensor,
  weight: Tensor,
  { geometry, bytes }: {
    readonly geometry: ConvolutionGeometry;
    /** Bytes of the output. */
    readonly bytes: number;
  },
  device: DeviceTraits,
): KernelPlan {
  const [outputs = 1, inputs = 1] = weight.shape;
  const inputVectors = paddedChannels(inputs) / 4;
  const outputVectors = paddedChannels(outputs) / 4;
  if (isProduct(geometry)) {
    const sizes = { batches: 1, ...pixelRows(geometry), inner: outputVectors, columns: inputVectors };
    const product = { left: outputGradient, sizes };
    if (usesWorkgroups(sizes, device)) {
      return workgroupProductKernels({ ...product, right: weight, transposed: true }, bytes, device);
    }
    const right = { scratch: 0 };
    return {
      calls: [weightsByOutput(weight, right), productCall({ ...product, right }, "output", device)],
      scratchBytes: [weight.bytes],
    };
  }
  if (hasFewInputsInputGrad(geometry, weight, device)) {
    return { calls: [fewInputsInputGradCall(outputGradient, weight, geometry)] };
  }
  const transposed = transposedGeometry(geometry);
  const tile = winogradTile(transposed, weight, device);
  if (tile !== null) return winogradKernels(outputGradient, weight, transposed, device, { tile, transposed: true });
  if (hasFewOutputs(geometry, weight, device, "inputGrad")) {
    return fewOutputsInputGradKernels(outputGradient, weight, geometry, device);
  }
  const flops = 2 * geometry.batch * geometry.outputHeight * geometry.outputWidth * outputs * inputs * taps(geometry);
  const product = {
    left: outputGradient,
    right: weight,
    transposed: true,
    ...geometry.stride === 1
      ? ofWhole(geometry, inputVectors, outputVectors)
      : ofPhases(geometry, inputVectors, outputVectors),
  };
  if (geometry.stride <= mostStride && usesWorkgroups(product.sizes, device)) {
    return workgroupProductKernels({ ...product, flops }, bytes, device);
  }
  return { calls: [{ ...registerCall(outputGradient, weight, geometry, device), flops }] };
}

/** The rows of a product in which each row is an input pixel. */
function pixelRows(geometry: ConvolutionGeometry) {
  return { rows: inputPixels(geometry), whole: wholeProduct(geometry, inputPixels, (_, inputVectors) => inputVectors) };
}

/** Sizes and left factor of the product that computes the gradient if every tap reaches every pixel. */
function ofWhole(geometry: ConvolutionGeometry, inputVectors: number, outputVectors: number) {
  return {
    sizes: { batches: 1, ...pixelRows(geometry), inner: taps(geometry) * outputVectors, columns: inputVectors },
    patches: { geometry: transposedGeometry(geometry), vectors: outputVectors },
  };
}

/**
 * Sizes and left factor of the product with a stride. Each phase of pixels is one batch, and all batches are as long as
 * the longest sum.
 */
function ofPhases(geometry: ConvolutionGeometry, inputVectors: number, outputVectors: number) {
  const all = phases(geometry);
  const inner = all.mostTaps * outputVectors;
  const whole = wholeProduct(geometry, (geometry) => phases(geometry).pixels, (_, inputVectors) => inputVectors);
  return {
    sizes: { batches: all.count, rows: all.pixels, inner, columns: inputVectors, whole },
    patches: { geometry, vectors: outputVectors, phases: all },
  };
}

function registerCall(
  outputGradient: Tensor,
  weight: Tensor,
  geometry: ConvolutionGeometry,
  device: DeviceTraits,
): KernelCall {
  const [outputs = 1, inputs = 1] = weight.shape;
  const inputVectors = paddedChannels(inputs) / 4;
  const outputVectors = paddedChannels(outputs) / 4;
  const { batch, height, width, stride } = geometry;
  const tile = convolutionTile(inputVectors, device);
  const pixels = batch * Math.ceil(height / stride) * Math.ceil(width / stride);
  const [x, y] = grid(Math.ceil(pixels / tile.pixels) * (inputVectors / tile.vectors), 64);
  const { includes, bindings } = operands(device, outputGradient, weight);
  return {
    shader: { name: "conv/conv2d_input_grad", text: shader, includes },
    constants: {
      STRIDE: stride,
      TILE_PIXELS: tile.pixels,
      TILE_VECTORS: tile.vectors,
    },
    bindings: [...bindings, sizesOfConvolution(geometry, weight.shape), "output"],
    workgroups: [x, y, stride * stride],
    iterations: nestedIterations(geometry.kernelHeight, geometry.kernelWidth, outputVectors),
  };
}
