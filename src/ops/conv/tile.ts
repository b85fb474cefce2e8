/**
 * How much of a convolution one invocation computes.
 *
 * @module
 */

import type { DeviceTraits } from "../../graph/tensor.ts";
import { largestDivisor } from "./geometry.ts";

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
