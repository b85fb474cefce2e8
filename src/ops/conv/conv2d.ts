/**
 * 2-D convolution (cross-correlation, as in PyTorch) with any kernel, stride, padding and dilation.
 *
 * @module
 */

import shader from "../../../shaders/conv/conv2d.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { type DeviceTraits, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { requireWeight, requireWindow } from "../window.ts";
import { convolutionTunable } from "./candidates.ts";
import { conv2dInputGrad } from "./conv2d_input_grad.ts";
import { conv2dWeightGrad } from "./conv2d_weight_grad.ts";
import {
  type Epilogue,
  epilogueBindings,
  epilogueConstants,
  epilogueGradients,
  epilogueInputs,
  epilogueRows,
  isDifferentiable,
} from "./epilogue.ts";
import { fewInputsCall, hasFewInputs } from "./few_inputs.ts";
import { fewOutputsKernels, hasFewOutputs } from "./few_outputs.ts";
import {
  type ConvolutionGeometry,
  convolutionGeometry,
  type ConvolutionOptions,
  outputPixels,
  sizesOfConvolution,
  taps,
} from "./geometry.ts";
import { operands } from "./operands.ts";
import { isProduct, productKernels } from "./product.ts";
import { outputSlice, wholeProduct } from "./slices.ts";
import { convolutionTile } from "./tile.ts";
import { byOutputChannels } from "./weight_slices.ts";
import { winogradKernels } from "./winograd.ts";
import { traitsForTile, winogradRowMultiple, winogradTile } from "./winograd_tile.ts";
import { usesWorkgroups, workgroupProductKernels } from "./workgroup_product.ts";

/** Options of `conv2d`. */
export interface Conv2dOptions extends ConvolutionOptions {
  /**
   * Applied to the sums. A bias and a residual have gradients. The scale and the shift of a batch norm that is folded in
   * are constants; the convolution has gradients unless the activation's output does not tell its input's side.
   */
  readonly epilogue?: Epilogue;
}

/**
 * y = x ⋆ w: `[N, I, H, W]` with weights `[O, I, R, S]` → `[N, O, Ho, Wo]`, Ho = ⌊(H + padding − (R−1)·dilation −
 * 1)/stride⌋ + 1. Gradients: `conv2dInputGrad`, `conv2dWeightGrad`; at a bias `channelSum`.
 *
 * @throws {RangeError} if `requireWindow` refuses an option, the kernel does not fit, the weight has another layout or
 * other channels, or a tensor of the epilogue has another shape.
 */
export function conv2d(input: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  const [outputs = 1, inputs = 1, kernelHeight = 1, kernelWidth = 1] = weight.shape;
  requireWeight("conv2d", input, weight, "convolution");
  requireWindow("conv2d", input, { ...options, kernel: [kernelHeight, kernelWidth] });
  const geometry = convolutionGeometry(input.shape, [kernelHeight, kernelWidth], options);
  const { epilogue, ...plain } = options;
  const shape = [geometry.batch, outputs, geometry.outputHeight, geometry.outputWidth];
  const y: Tensor = new Tensor({
    op: "conv2d",
    shape,
    inputs: [input, weight, ...epilogueInputs(epilogue, "conv2d", shape)],
    ...(isDifferentiable(epilogue)
      ? {
        gradient: (outputGradient: Tensor) => {
          const { atSums, atInputs } = epilogueGradients(epilogue, y, outputGradient);
          return [
            () => conv2dInputGrad(atSums(), weight, { geometry }),
            () => conv2dWeightGrad(input, atSums(), { geometry, shape: weight.shape }),
            ...atInputs,
          ];
        },
      }
      : {}),
    kernels: (output, device) => {
      const traits = traitsForTile(isProduct(geometry) ? null : winogradTile(geometry, weight, device), device);
      return inRegions(output, traits, (region) => {
        const slice = outputSlice(geometry, region);
        const x = imageRows(input, slice.source);
        const result = imageRows(output, region);
        const ends = epilogueRows(epilogue, region);
        return byOutputChannels(
          weight,
          result,
          ends,
          device,
          () => kernels(x, weight, { geometry: slice.geometry, epilogue: ends, bytes: result.bytes }, device),
          (some) => {
            const geometry = { ...slice.geometry, wholeWeight: weight };
            return kernels(x, some.weight, { geometry, epilogue: some.epilogue, bytes: some.result.bytes }, device);
          },
        );
      }, winogradRowMultiple(geometry, weight, device));
    },
    tunable: convolutionTunable({ direction: "forward", inputs, outputs, geometry }, (x, w) => conv2d(x, w, plain)),
  });
  return y;
}

function kernels(
  input: Tensor,
  weight: Tensor,
  { geometry, epilogue, bytes }: {
    readonly geometry: ConvolutionGeometry;
    readonly epilogue: Conv2dOptions["epilogue"];
    /** Bytes of the output. */
    readonly bytes: number;
  },
  device: DeviceTraits,
): KernelPlan {
  const [outputs = 1, inputs = 1] = weight.shape;
  const inputVectors = paddedChannels(inputs) / 4;
  const outputVectors = paddedChannels(outputs) / 4;
  const pixels = outputPixels(geometry);
  const whole = wholeProduct(geometry, outputPixels, (outputVectors) => outputVectors);
  if (isProduct(geometry)) {
    const sizes = { batches: 1, rows: pixels, inner: inputVectors, columns: outputVectors, whole };
    const product = { left: input, right: weight, sizes, epilogue };
    return productKernels(product, bytes, device);
  }
  if (hasFewInputs(geometry, weight, device)) return { calls: [fewInputsCall(input, weight, geometry, epilogue)] };
  const winograd = winogradTile(geometry, weight, device);
  if (winograd !== null) return winogradKernels(input, weight, geometry, device, { tile: winograd, epilogue });
  if (hasFewOutputs(geometry, weight, device, "forward")) {
    return fewOutputsKernels(input, weight, geometry, epilogue, device);
  }
  const flops = 2 * pixels * outputs * inputs * taps(geometry);
  const sizes = { batches: 1, rows: pixels, inner: taps(geometry) * inputVectors, columns: outputVectors, whole };
  if (usesWorkgroups(sizes, device)) {
    const patches = { geometry, vectors: inputVectors };
    const product = { left: input, right: weight, sizes, patches, epilogue };
    return workgroupProductKernels({ ...product, flops }, bytes, device);
  }
  const tile = convolutionTile(outputVectors, device);
  const tiles = Math.ceil(pixels / tile.pixels) * (outputVectors / tile.vectors);
  const { includes, bindings } = operands(device, input, weight);
  return {
    calls: [{
      shader: { name: "conv/conv2d", text: shader, includes },
      constants: {
        TILE_PIXELS: tile.pixels,
        TILE_VECTORS: tile.vectors,
        ...epilogueConstants(epilogue),
      },
      bindings: [
        ...bindings,
        sizesOfConvolution(geometry, weight.shape),
        ...epilogueBindings(epilogue, weight),
        "output",
      ],
      workgroups: grid(tiles, 64),
      iterations: nestedIterations(geometry.kernelHeight, geometry.kernelWidth, inputVectors),
      flops,
    }],
  };
}
