/**
 * The geometry that all convolutions share: kernel, stride, dilation, padding, and the sizes that follow.
 *
 * @module
 */

import type { ShaderConstants } from "../../gpu/shader.ts";
import { paddedChannels } from "../../graph/layout.ts";
import type { Tensor } from "../../graph/tensor.ts";

/** Padding in pixels: one number for all sides, or each side by itself. */
export type Padding = number | {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
};

/** Options of a convolution; the defaults are PyTorch's. */
export interface ConvolutionOptions {
  /** Step between output pixels, both axes. Default 1. */
  readonly stride?: number;
  /**
   * Zero padding in pixels, or `"same"` as in TensorFlow. With `"same"` the output has ⌈input / stride⌉ pixels, and the
   * smaller half of the padding comes first. Default 0.
   */
  readonly padding?: Padding | "same";
  /** Distance between the taps of the kernel. Default 1. */
  readonly dilation?: number;
}

/** All sizes of a convolution. */
export interface ConvolutionGeometry {
  /** Images. */
  readonly batch: number;
  /** Input height and width. */
  readonly height: number;
  readonly width: number;
  /** Output height and width. */
  readonly outputHeight: number;
  readonly outputWidth: number;
  /** Kernel rows and columns. */
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding above and to the left. The padding below and to the right follows from the output size. */
  readonly paddingTop: number;
  readonly paddingLeft: number;
  /** If this is a slice (`slices.ts`): the whole problem. */
  readonly whole?: ConvolutionGeometry;
  /** If this has a slice of the weights (`weight_slices.ts`): all weights. */
  readonly wholeWeight?: Tensor;
}

/**
 * Output size and padding of a convolution or pooling window. `requireWindow` must have accepted the window.
 *
 * @param shape input `[N, C, H, W]`.
 * @param kernel rows and columns.
 */
export function convolutionGeometry(
  shape: readonly number[],
  kernel: readonly [number, number],
  options: ConvolutionOptions,
): ConvolutionGeometry {
  const [batch = 1, , height = 1, width = 1] = shape;
  const { stride = 1, dilation = 1, padding = 0 } = options;
  const [kernelHeight, kernelWidth] = kernel;
  const vertical = axis(height, (kernelHeight - 1) * dilation + 1, stride, sides(padding, "top", "bottom"));
  const horizontal = axis(width, (kernelWidth - 1) * dilation + 1, stride, sides(padding, "left", "right"));
  return {
    batch,
    height,
    width,
    outputHeight: vertical.output,
    outputWidth: horizontal.output,
    kernelHeight,
    kernelWidth,
    stride,
    dilation,
    paddingTop: vertical.before,
    paddingLeft: horizontal.before,
  };
}

function sides(
  padding: Padding | "same",
  before: "top" | "left",
  after: "bottom" | "right",
): readonly [number, number] | "same" {
  if (padding === "same") return "same";
  return typeof padding === "number" ? [padding, padding] : [padding[before], padding[after]];
}

function axis(size: number, extent: number, stride: number, padding: readonly [number, number] | "same") {
  if (padding === "same") {
    const output = Math.ceil(size / stride);
    return { output, before: Math.floor(Math.max((output - 1) * stride + extent - size, 0) / 2) };
  }
  return { output: Math.floor((size + padding[0] + padding[1] - extent) / stride) + 1, before: padding[0] };
}

/** The geometry under the names that the shaders declare. */
export function geometryConstants(geometry: ConvolutionGeometry): ShaderConstants {
  return {
    BATCH: geometry.batch,
    HEIGHT: geometry.height,
    WIDTH: geometry.width,
    OUTPUT_HEIGHT: geometry.outputHeight,
    OUTPUT_WIDTH: geometry.outputWidth,
    KERNEL_HEIGHT: geometry.kernelHeight,
    KERNEL_WIDTH: geometry.kernelWidth,
    STRIDE: geometry.stride,
    DILATION: geometry.dilation,
    // A transposed convolution may have a negative padding. The shaders let u32 wrap.
    PADDING_TOP: geometry.paddingTop >>> 0,
    PADDING_LEFT: geometry.paddingLeft >>> 0,
  };
}

/** What shaders bind as `ConvolutionSizes`, for weights `[O, I, …]` and a sum in `splits` parts. */
export function sizesOfConvolution(
  geometry: ConvolutionGeometry,
  [outputs = 1, inputs = 1]: readonly number[],
  splits = 1,
): { readonly uniform: readonly number[] } {
  const { batch, height, width, outputHeight, outputWidth, dilation, paddingTop, paddingLeft } = geometry;
  return {
    uniform: [
      ...[batch, height, width, outputHeight, outputWidth, dilation, paddingTop >>> 0, paddingLeft >>> 0],
      ...[paddedChannels(inputs) / 4, paddedChannels(outputs) / 4],
      ...[geometry.kernelHeight, geometry.kernelWidth, geometry.stride, splits],
    ],
  };
}

/** The input gradient of a convolution with stride 1 is a convolution of the output gradient; this is its geometry. */
export function transposedGeometry(geometry: ConvolutionGeometry): ConvolutionGeometry {
  return {
    ...geometry,
    height: geometry.outputHeight,
    width: geometry.outputWidth,
    outputHeight: geometry.height,
    outputWidth: geometry.width,
    paddingTop: (geometry.kernelHeight - 1) * geometry.dilation - geometry.paddingTop,
    paddingLeft: (geometry.kernelWidth - 1) * geometry.dilation - geometry.paddingLeft,
    ...geometry.whole === undefined ? {} : { whole: transposedGeometry(geometry.whole) },
  };
}

/** Number of input pixels in the batch. */
export function inputPixels({ batch, height, width }: ConvolutionGeometry): number {
  return batch * height * width;
}

/** Number of output pixels in the batch. */
export function outputPixels({ batch, outputHeight, outputWidth }: ConvolutionGeometry): number {
  return batch * outputHeight * outputWidth;
}

/** Number of taps: kernel rows times columns. */
export function taps(geometry: ConvolutionGeometry): number {
  return geometry.kernelHeight * geometry.kernelWidth;
}

/** Number of taps that fall inside the image, over all output pixels of one image. */
export function tapsInside(geometry: ConvolutionGeometry): number {
  const { height, width, outputHeight, outputWidth, stride, dilation } = geometry;
  const along = (size: number, outputs: number, kernel: number, padding: number) =>
    sum(Array.from({ length: kernel }, (_, tap) => {
      const first = Math.max(0, Math.ceil((padding - tap * dilation) / stride));
      const end = Math.min(outputs, Math.ceil((size + padding - tap * dilation) / stride));
      return Math.max(0, end - first);
    }));
  return along(height, outputHeight, geometry.kernelHeight, geometry.paddingTop) *
    along(width, outputWidth, geometry.kernelWidth, geometry.paddingLeft);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The largest of `candidates` that divides `count`. */
export function largestDivisor(count: number, candidates: readonly number[]): number {
  return candidates.find((candidate) => count % candidate === 0) ?? 1;
}

/** The largest integer that divides both. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
