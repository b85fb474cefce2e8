/**
 * Gradient of `bilinearResize` at its input.
 *
 * @module
 */

import shader from "../../../shaders/resize/bilinear_resize_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions, type Range } from "../../graph/slices.ts";
import { type KernelCall, Tensor } from "../../graph/tensor.ts";
import { type Interpolation, rowsTouching } from "./between.ts";

/**
 * dx `[N, C, height, width]` from dy `[N, C, Ho, Wo]`. `height` and `width` are those of the input of `bilinearResize`.
 */
export function bilinearResizeGrad(
  outputGradient: Tensor,
  options: { readonly height: number; readonly width: number; readonly alignCorners: boolean },
): Tensor {
  const { height, width, alignCorners } = options;
  const [batch = 1, channels = 1, outputHeight = 1, outputWidth = 1] = outputGradient.shape;
  return new Tensor({
    op: "bilinearResizeGrad",
    shape: [batch, channels, height, width],
    inputs: [outputGradient],
    kernels: (output, device) =>
      inRegions(output, device, ({ images, rows: inputs }) => {
        const vectors = paddedChannels(channels) / 4;
        const axis = { inputSize: height, outputSize: outputHeight, alignCorners };
        const outputs = rowsTouching(inputs, axis);
        const columns = {
          ...{ outer: images.count * outputs.count, inputSize: width, outputSize: outputWidth, alignCorners },
          ...{ inner: vectors, inputs: { first: 0, count: width }, outputs: { first: 0, count: outputWidth } },
        };
        const rows = { ...axis, outer: images.count, inner: width * vectors, inputs, outputs };
        const between = { scratch: 0 };
        return {
          calls: [
            alongAxis(columns, [imageRows(outputGradient, { images, rows: outputs }), between]),
            alongAxis(rows, [between, "output"]),
          ],
          scratchBytes: [images.count * outputs.count * width * vectors * 16],
        };
      }),
  });
}

/** The most steps that the shader takes to find where the outputs that touch an input start and end. */
const searchSteps = 8;

interface Axis extends Interpolation {
  readonly outer: number;
  readonly inner: number;
  /** The places along the axis whose gradients are computed, and the places that these are computed from. */
  readonly inputs: Range;
  readonly outputs: Range;
}

function alongAxis(axis: Axis, bindings: KernelCall["bindings"]): KernelCall {
  const { outer, inputSize, outputSize, inner, alignCorners, inputs, outputs } = axis;
  const gradients = outer * inputs.count * inner;
  return {
    shader: { name: "resize/bilinear_resize_grad", text: shader },
    constants: {
      OUTER: outer,
      INPUT_SIZE: inputSize,
      OUTPUT_SIZE: outputSize,
      INNER: inner,
      ALIGN_CORNERS: alignCorners,
      FIRST_INPUT: inputs.first,
      INPUTS: inputs.count,
      FIRST_OUTPUT: outputs.first,
      OUTPUTS: outputs.count,
    },
    bindings,
    workgroups: grid(gradients, 64),
    iterations: touchingOutputs(inputSize, outputSize, alignCorners) + searchSteps,
    flops: 16 * outer * outputs.count * inner,
  };
}

/**
 * The most outputs that one input can touch: those within two steps of the input grid, half a step more at the border,
 * and a few for rounding.
 */
function touchingOutputs(inputSize: number, outputSize: number, alignCorners: boolean): number {
  if (inputSize === 1) return outputSize;
  const scale = alignCorners ? (outputSize - 1) / (inputSize - 1) : outputSize / inputSize;
  return Math.min(outputSize, Math.ceil(2.5 * scale) + 4);
}
