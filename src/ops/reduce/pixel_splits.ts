/**
 * Sizes of passes over all pixels, and how sums over them are cut into parts.
 *
 * @module
 */

import { wantedInvocations } from "../../graph/split_sum.ts";
import type { DeviceTraits, KernelBinding } from "../../graph/tensor.ts";

/** The sizes of a pass over pixels as shaders read them (`shaders/lib/pixel_sizes.wgsl`). */
export function pixelSizes(
  pixels: number,
  vectors: number,
  { splits = 1, varianceStart = 0 }: { readonly splits?: number; readonly varianceStart?: number } = {},
): KernelBinding {
  return { uniform: [pixels, vectors, splits, varianceStart] };
}

/** Most pixels that one invocation walks over. */
const maxPixelsPerSplit = 16_384;

/** Parts of a sum over pixels, for each of `vectors` vec4 of channels, and the pixels of each part (the last: or less). */
export function pixelSplits(
  pixels: number,
  vectors: number,
  device: DeviceTraits,
): { splits: number; pixelsPerSplit: number } {
  // Fewer are not worth an invocation.
  const least = device.software ? 32 : 16;
  const wanted = Math.ceil(pixels * vectors / wantedInvocations(device));
  const most = Math.min(Math.max(wanted, least), maxPixelsPerSplit, pixels);
  const splits = Math.ceil(pixels / most);
  // Shaders find ⌈pixels / splits⌉ by themselves, so both sides must agree on it, and no part may be empty.
  const pixelsPerSplit = Math.ceil(pixels / splits);
  return { splits: Math.ceil(pixels / pixelsPerSplit), pixelsPerSplit };
}
