/**
 * Gradient of `bilinearResize` at its input.
 *
 * @module
 */

import shader from "../../../shaders/resize/bilinear_resize_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { type KernelCall, Tensor } from "../../graph/tensor.ts";

/** dx `[N, C, height, width]` from dy `[N, C, Ho, Wo]`; `height` and `width` are those of the resized image before. */
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
    kernels: () => {
      const vectors = paddedChannels(channels) / 4;
      const columns = { outer: batch * outputHeight, inputSize: width, outputSize: outputWidth, inner: vectors };
      const rows = { outer: batch, inputSize: height, outputSize: outputHeight, inner: width * vectors };
      const between = { scratch: 0 };
      return {
        calls: [
          alongAxis(columns, alignCorners, [outputGradient, between]),
          alongAxis(rows, alignCorners, [between, "output"]),
        ],
        scratchBytes: [batch * outputHeight * width * vectors * 16],
      };
    },
  });
}

/** Most steps that the shader takes to find where the run of touching outputs starts and ends. */
const searchSteps = 8;

interface Axis {
  readonly outer: number;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly inner: number;
}

function alongAxis(axis: Axis, alignCorners: boolean, bindings: KernelCall["bindings"]): KernelCall {
  const { outer, inputSize, outputSize, inner } = axis;
  const gradients = outer * inputSize * inner;
  return {
    shader: { name: "resize/bilinear_resize_grad", text: shader },
    constants: {
      OUTER: outer,
      INPUT_SIZE: inputSize,
      OUTPUT_SIZE: outputSize,
      INNER: inner,
      ALIGN_CORNERS: alignCorners,
    },
    bindings,
    workgroups: grid(gradients, 64),
    iterations: touchingOutputs(inputSize, outputSize, alignCorners) + searchSteps,
    flops: 16 * outer * outputSize * inner,
  };
}

/** Most outputs that one input can touch: two steps of the input grid, the border's half step more, and rounding. */
function touchingOutputs(inputSize: number, outputSize: number, alignCorners: boolean): number {
  if (inputSize === 1) return outputSize;
  const scale = alignCorners ? (outputSize - 1) / (inputSize - 1) : outputSize / inputSize;
  return Math.min(outputSize, Math.ceil(2.5 * scale) + 4);
}
