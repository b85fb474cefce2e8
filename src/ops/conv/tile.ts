/**
 * How much of a convolution one invocation computes.
 *
 * @module
 */

import { type ConvolutionGeometry, largestDivisor } from "./geometry.ts";

/**
 * Register tile of the forward and input-gradient products: pixels × vec4 of channels. Wide in pixels when there are
 * few channels, so that every load serves about as many multiply-adds.
 */
export function convolutionTile(channelVectors: number): { pixels: number; vectors: number } {
  const vectors = largestDivisor(channelVectors, [4, 3, 2, 5]);
  return { vectors, pixels: vectors >= 3 ? 8 : 16 };
}

/** Whether some tap of some output pixel lies outside the image. */
export function needsBoundsCheck(geometry: ConvolutionGeometry): boolean {
  const { kernelHeight, kernelWidth, stride, dilation } = geometry;
  const lastRow = (geometry.outputHeight - 1) * stride + (kernelHeight - 1) * dilation - geometry.paddingTop;
  const lastColumn = (geometry.outputWidth - 1) * stride + (kernelWidth - 1) * dilation - geometry.paddingLeft;
  return geometry.paddingTop > 0 || geometry.paddingLeft > 0 || lastRow >= geometry.height ||
    lastColumn >= geometry.width;
}
