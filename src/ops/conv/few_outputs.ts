/**
 * Convolutions of many input and few output channels, such as a network's head. They take two steps. One matrix product
 * multiplies all pixels by the weights of all taps; its tiles are large, which saves loads on software adapters and
 * keeps all cores of a GPU busy. A second launch sums the products over the shifted pixels. The weight gradient is not
 * computed so. Its direct form skips the taps that a wide dilation puts outside the image, and is faster for it.
 *
 * @module
 */

import gatherShader from "../../../shaders/conv/gather_taps.wgsl" with { type: "text" };
import sumShader from "../../../shaders/conv/sum_taps.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import type { DeviceTraits, KernelBinding, KernelCall, KernelPlan, Tensor } from "../../graph/tensor.ts";
import { type Epilogue, epilogueBindings, epilogueConstants } from "./epilogue.ts";
import { allowsOtherForms } from "./few_inputs.ts";
import { type ConvolutionGeometry, geometryConstants, inputPixels, taps } from "./geometry.ts";
import { productCall } from "./product.ts";
import { wholeGeometry, wholeProduct, wholeWeight } from "./slices.ts";
import { weightsByInput, weightsByOutput } from "./weight_order.ts";

/**
 * The largest number of vec4f of output channels. With more, the direct form's own tiles are large enough. On a
 * software adapter, from 256 to 19 channels, the forward pass takes 1.3 times as long in this form as in the direct
 * one. The input gradient takes 0.6 times as long, since its tiles are 24 pixels × 8 vec4f of inputs. On a large GPU
 * the direct form from 256 to 19 channels at 32×64 fills 32 workgroups, but there are 132 cores. Its input gradient has
 * enough columns to fill them.
 */
const mostOutputVectors = {
  software: { forward: 2, inputGrad: 5 },
  gpu: { forward: 5, inputGrad: 0 },
};
/**
 * The smallest number of input channels. With fewer, moving the products of the taps takes as long as computing them.
 */
const leastInputs = 64;
/** Bytes of scratch memory that the products of the taps may take. */
const mostScratchBytes = 2 ** 27;

/** Whether a convolution, and its input gradient, are computed by products of all taps. */
export function hasFewOutputs(
  geometry: ConvolutionGeometry,
  weight: Tensor,
  device: DeviceTraits,
  direction: "forward" | "inputGrad",
): boolean {
  const [, inputs = 1] = wholeWeight(geometry, weight).shape;
  const { tapVectors, outputVectors, rows } = sizes(wholeGeometry(geometry), wholeWeight(geometry, weight));
  return allowsOtherForms(device) && geometry.stride === 1 && inputs >= leastInputs &&
    outputVectors <= mostOutputVectors[device.software ? "software" : "gpu"][direction] &&
    rows * tapVectors * 16 <= mostScratchBytes;
}

/** The launches of a convolution. */
export function fewOutputsKernels(
  input: Tensor,
  weight: Tensor,
  geometry: ConvolutionGeometry,
  epilogue: Epilogue | undefined,
  device: DeviceTraits,
): KernelPlan {
  const { rows, tapVectors, inputVectors, outputVectors, flops } = sizes(geometry, weight);
  const [weights, products] = [{ scratch: 0 }, { scratch: 1 }];
  const whole = wholeProduct(geometry, inputPixels, (outputVectors) => taps(geometry) * outputVectors);
  const product = { batches: 1, rows, inner: inputVectors, columns: tapVectors, whole };
  return {
    calls: [
      weightsByInput(weight, weights),
      { ...productCall({ left: input, right: weights, sizes: product }, products, device), flops },
      {
        shader: { name: "conv/sum_taps", text: sumShader },
        constants: {
          ...geometryConstants(geometry),
          VECTORS: outputVectors,
          ...epilogueConstants(epilogue),
        },
        bindings: [products, ...epilogueBindings(epilogue, weight), "output"],
        workgroups: grid(geometry.batch * geometry.outputHeight * geometry.outputWidth * outputVectors, 64),
        iterations: nestedIterations(geometry.kernelHeight, geometry.kernelWidth),
      },
    ],
    scratchBytes: [inputVectors * 4 * tapVectors * 16, rows * tapVectors * 16],
  };
}

/** The launches of an input gradient. */
export function fewOutputsInputGradKernels(
  outputGradient: Tensor,
  weight: Tensor,
  geometry: ConvolutionGeometry,
  device: DeviceTraits,
): KernelPlan {
  const { rows, tapVectors, inputVectors, outputVectors, flops } = sizes(geometry, weight);
  const [weights, gathered] = [{ scratch: 0 }, { scratch: 1 }];
  const whole = wholeProduct(geometry, inputPixels, (_, inputVectors) => inputVectors);
  const product = { batches: 1, rows, inner: tapVectors, columns: inputVectors, whole };
  return {
    calls: [
      weightsByOutput(weight, weights),
      gatherTaps(outputGradient, gathered, geometry, outputVectors),
      {
        ...productCall({ left: gathered, right: weights, sizes: product }, "output", device),
        flops,
      },
    ],
    scratchBytes: [inputVectors * 4 * tapVectors * 16, rows * tapVectors * 16],
  };
}

function sizes(geometry: ConvolutionGeometry, weight: Tensor) {
  const [outputs = 1, inputs = 1] = weight.shape;
  const outputVectors = paddedChannels(outputs) / 4;
  return {
    rows: inputPixels(geometry),
    inputVectors: paddedChannels(inputs) / 4,
    outputVectors,
    tapVectors: taps(geometry) * outputVectors,
    flops: 2 * geometry.batch * geometry.outputHeight * geometry.outputWidth * outputs * inputs * taps(geometry),
  };
}

function gatherTaps(
  outputGradient: Tensor,
  gathered: KernelBinding,
  geometry: ConvolutionGeometry,
  vectors: number,
): KernelCall {
  return {
    shader: { name: "conv/gather_taps", text: gatherShader },
    constants: { ...geometryConstants(geometry), VECTORS: vectors },
    bindings: [outputGradient, gathered],
    workgroups: grid(geometry.batch * geometry.height * geometry.width * taps(geometry) * vectors, 64),
    iterations: 0,
  };
}
