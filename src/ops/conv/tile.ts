/**
 * How much of a convolution one invocation computes.
 *
 * @module
 */

import type { DeviceTraits } from "../../graph/tensor.ts";
import { type ConvolutionGeometry, largestDivisor } from "./geometry.ts";

/**
 * Register tile of the forward and input-gradient products: pixels × vec4 of channels. Each load serves more
 * multiply-adds in a larger tile; GPUs run out of registers above some 64 sums, software adapters have only loads to save.
 */
export function convolutionTile(channelVectors: number, device: DeviceTraits): { pixels: number; vectors: number } {
  if (device.schedule?.tile !== undefined) {
    const [pixels, vectors] = device.schedule.tile;
    return { pixels, vectors };
  }
  if (device.software) {
    const vectors = largestDivisor(channelVectors, [4, 3, 2, 5]);
    return { vectors, pixels: 16 };
  }
  const vectors = largestDivisor(channelVectors, [2]);
  return { vectors, pixels: vectors === 2 ? 4 : 8 };
}

/** Whether some tap of some output pixel lies outside the image. */
export function needsBoundsCheck(geometry: ConvolutionGeometry): boolean {
  const { kernelHeight, kernelWidth, stride, dilation } = geometry;
  const lastRow = (geometry.outputHeight - 1) * stride + (kernelHeight - 1) * dilation - geometry.paddingTop;
  const lastColumn = (geometry.outputWidth - 1) * stride + (kernelWidth - 1) * dilation - geometry.paddingLeft;
  return geometry.paddingTop > 0 || geometry.paddingLeft > 0 || lastRow >= geometry.height ||
    lastColumn >= geometry.width;
}
