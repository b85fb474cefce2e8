/**
 * Gradient of `conv2d` at its input (a transposed convolution).
 *
 * @module
 */

import shader from "../../../shaders/conv/conv2d_input_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";
import { convolutionTunable } from "./candidates.ts";
import { fewOutputsInputGradKernels, hasFewOutputs } from "./few_outputs.ts";
import { type ConvolutionGeometry, sizesOfConvolution, taps, transposedGeometry } from "./geometry.ts";
import { operands } from "./operands.ts";
import { isProduct, productCall } from "./product.ts";
import { convolutionTile } from "./tile.ts";
import { usesWinograd, winogradKernels } from "./winograd.ts";
import { usesWorkgroups, workgroupProductCall } from "./workgroup_product.ts";

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
    kernels: (_output, device) => {
      const inputVectors = paddedChannels(inputs) / 4;
      const outputVectors = paddedChannels(outputs) / 4;
      const { batch, height, width, stride } = geometry;
      if (isProduct(geometry)) {
        const sizes = { batches: 1, rows: batch * height * width, inner: outputVectors, columns: inputVectors };
        const product = { left: outputGradient, right: weight, sizes, transposed: true };
        return { calls: [productCall(product, "output", device)] };
      }
      if (usesWinograd(transposedGeometry(geometry), weight, device)) {
        return winogradKernels(outputGradient, weight, transposedGeometry(geometry), device, { transposed: true });
      }
      if (hasFewOutputs(geometry, weight, device, "inputGrad")) {
        return fewOutputsInputGradKernels(outputGradient, weight, geometry, device);
      }
      const flops = 2 * batch * geometry.outputHeight * geometry.outputWidth * outputs * inputs * taps(geometry);
      const rows = batch * height * width;
      const sizes = { batches: 1, rows, inner: taps(geometry) * outputVectors, columns: inputVectors };
      // With a stride most taps miss most pixels; the register form leaves those out.
      if (stride === 1 && usesWorkgroups(sizes, device)) {
        const patches = { geometry: transposedGeometry(geometry), vectors: outputVectors };
        const product = { left: outputGradient, right: weight, sizes, patches, transposed: true };
        return { calls: [{ ...workgroupProductCall(product, "output", device), flops }] };
      }
      const tile = convolutionTile(inputVectors, device);
      const pixels = batch * Math.ceil(height / stride) * Math.ceil(width / stride);
      const [x, y] = grid(Math.ceil(pixels / tile.pixels) * (inputVectors / tile.vectors), 64);
      const { includes, bindings } = operands(device, outputGradient, weight);
      return {
        calls: [{
          shader: { name: "conv/conv2d_input_grad", text: shader, includes },
          constants: {
            STRIDE: stride,
            TILE_PIXELS: tile.pixels,
            TILE_VECTORS: tile.vectors,
            HAS_PADDING: taps(geometry) > 1 || stride > 1 || geometry.paddingTop > 0 || geometry.paddingLeft > 0 ||
              geometry.outputHeight !== height || geometry.outputWidth !== width,
          },
          bindings: [...bindings, sizesOfConvolution(geometry, weight.shape), "output"],
          workgroups: [x, y, stride * stride],
          iterations: taps(geometry) * (outputVectors + 1) + geometry.kernelHeight,
          flops,
        }],
      };
    },
  });
}
