/**
 * Depthwise 2-D convolution: each channel with a kernel of its own.
 *
 * @module
 */

import shader from "../../../shaders/conv/depthwise_conv2d.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { type DeviceTraits, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { requireWeight, requireWindow } from "../window.ts";
import { depthwiseTunable } from "./candidates.ts";
import type { Conv2dOptions } from "./conv2d.ts";
import { depthwiseConv2dInputGrad } from "./depthwise_conv2d_input_grad.ts";
import { depthwiseConv2dWeightGrad } from "./depthwise_conv2d_weight_grad.ts";
import {
  type Epilogue,
  epilogueBindings,
  epilogueConstants,
  epilogueGradients,
  epilogueInputs,
  epilogueRows,
  isDifferentiable,
} from "./epilogue.ts";
import { type ConvolutionGeometry, convolutionGeometry, taps } from "./geometry.ts";
import { outputSlice } from "./slices.ts";
import { sweep, type SweepOptions } from "./sweep.ts";

/**
 * Depthwise convolution y[n,c] = x[n,c] ⋆ w[c]: `[N, C, H, W]` with weights `[C, 1, R, S]` (layout `"depthwise"`) →
 * `[N, C, Ho, Wo]`. It is PyTorch's `conv2d` with `groups` = C. Options and sizes are those of `conv2d`. Gradients:
 * `depthwiseConv2dInputGrad`, `depthwiseConv2dWeightGrad`.
 *
 * @throws {RangeError} as `conv2d`.
 */
export function depthwiseConv2d(input: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  const [channels = 1, , kernelHeight = 1, kernelWidth = 1] = weight.shape;
  requireWeight("depthwiseConv2d", input, weight, "depthwise");
  requireWindow("depthwiseConv2d", input, { ...options, kernel: [kernelHeight, kernelWidth] });
  const geometry = convolutionGeometry(input.shape, [kernelHeight, kernelWidth], options);
  const { epilogue, ...plain } = options;
  const shape = [geometry.batch, channels, geometry.outputHeight, geometry.outputWidth];
  const y: Tensor = new Tensor({
    op: "depthwiseConv2d",
    shape,
    inputs: [input, weight, ...epilogueInputs(epilogue, "depthwiseConv2d", shape)],
    ...(isDifferentiable(epilogue)
      ? {
        gradient: (outputGradient: Tensor) => {
          const { atSums, atInputs } = epilogueGradients(epilogue, y, outputGradient);
          return [
            () => depthwiseConv2dInputGrad(atSums(), weight, { geometry }),
            () => depthwiseConv2dWeightGrad(input, atSums(), { geometry, shape: weight.shape }),
            ...atInputs,
          ];
        },
      }
      : {}),
    kernels: (output, traits) =>
      inRegions(output, traits, (region) => {
        const slice = outputSlice(geometry, region);
        const x = imageRows(input, slice.source);
        return depthwiseKernels(x, weight, slice.geometry, traits, epilogueRows(epilogue, region));
      }),
    tunable: depthwiseTunable("forward", channels, geometry, (x, w) => depthwiseConv2d(x, w, plain)),
  });
  return y;
}

/** The launch of the kernel that slides along the image. `flipped` reverses the taps. */
export function depthwiseKernels(
  input: Tensor,
  weight: Tensor,
  geometry: ConvolutionGeometry,
  traits: DeviceTraits,
  epilogue?: Epilogue,
  flipped = false,
): KernelPlan {
  const vectors = paddedChannels(weight.shape[0] ?? 1) / 4;
  const walk = sweep(geometry, traits, tileOf(vectors, traits));
  return {
    calls: [{
      shader: { name: "conv/depthwise_conv2d", text: shader },
      constants: {
        ...walk.constants,
        VECTORS: vectors,
        FLIPPED: flipped,
        ...epilogueConstants(epilogue),
      },
      bindings: [input, weight, ...epilogueBindings(epilogue, weight), "output"],
      workgroups: grid(geometry.batch * walk.rowTiles * walk.columnTiles * vectors, 64),
      iterations: walk.tileRows,
      flops: 8 * geometry.batch * geometry.outputHeight * geometry.outputWidth * vectors * taps(geometry),
    }],
  };
}

/**
 * Output rows and columns of a tile, at most. Long tiles load least. But a CPU's caches fetch ahead along memory. There
 * small tiles win where a pixel takes 1 KiB or more, because every load is soon followed by its neighbour: 20 → 13 ms
 * of CPU time with 768 channels at dilation 4.
 */
function tileOf(vectors: number, traits: DeviceTraits): SweepOptions {
  if (!traits.software) return { tileRows: 12, tileColumns: 4 };
  return vectors >= 64 ? { tileRows: 2, tileColumns: 4 } : { tileRows: 24, tileColumns: 8 };
}
