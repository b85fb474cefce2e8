/**
 * How much of a convolution one invocation computes.
 *
 * @module
 */

import type { DeviceTraits } from "../../graph/tensor.ts";
import { largestDivisor } from "./geometry.ts";

/**
 * Register tile of the forward and input-gradient products: pixels × vec4f of channels. In a larger tile each load
 * serves more multiply-adds. GPUs run out of registers above some 64 sums; on software adapters only the loads count.
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
