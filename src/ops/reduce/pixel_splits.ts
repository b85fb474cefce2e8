/**
 * Sizes of passes over all pixels. Also, how a sum over pixels is cut into parts.
 *
 * @module
 */

import { fittingRanges, offsetAlignment, type Range } from "../../graph/slices.ts";
import { wantedInvocations } from "../../graph/split_sum.ts";
import type {
  DeviceTraits,
  KernelBinding,
  KernelCall,
  KernelPlan,
  ScratchBinding,
  StoredBinding,
  Tensor,
} from "../../graph/tensor.ts";
import { greatestCommonDivisor } from "../conv/geometry.ts";

/** The sizes of a pass over pixels as shaders read them (`shaders/lib/pixel_sizes.wgsl`). */
export function pixelSizes(
  pixels: number,
  vectors: number,
  { splits = 1, varianceStart = 0, pixelsPerSplit = Math.ceil(pixels / splits), batchPixels = pixels }: {
    readonly splits?: number;
    readonly varianceStart?: number;
    readonly pixelsPerSplit?: number;
    readonly batchPixels?: number;
  } = {},
): KernelBinding {
  return { uniform: [pixels, vectors, splits, varianceStart, pixelsPerSplit, batchPixels] };
}

/** The most pixels that one invocation sums. */
const maxPixelsPerSplit = 16_384;

/** The number of parts of a sum over pixels, and the number of pixels in each. The last part may have fewer. */
export interface PixelSplits {
  readonly splits: number;
  readonly pixelsPerSplit: number;
}

/** The parts of a sum over pixels, which is computed for each of `vectors` vec4 of channels. */
export function pixelSplits(pixels: number, vectors: number, device: DeviceTraits): PixelSplits {
  // Fewer pixels are not worth an invocation of their own.
  const least = device.software ? 32 : 16;
  const wanted = Math.ceil(pixels * vectors / wantedInvocations(device));
  const most = Math.min(Math.max(wanted, least), maxPixelsPerSplit, pixels);
  const splits = Math.ceil(pixels / most);
  // No part may be empty.
  const pixelsPerSplit = Math.ceil(pixels / splits);
  return { splits: Math.ceil(pixels / pixelsPerSplit), pixelsPerSplit };
}

/** Some consecutive parts of a sum over pixels. */
export interface PixelSlice extends PixelSplits {
  /** The pixels of these parts. */
  readonly pixels: Range;
}

/**
 * The launches of the first stage of a sum over pixels. There is one launch if its tensors can be bound. If not, there
 * is one for each slice, which consists of whole parts. The parts are the same in both cases, and so is the sum.
 *
 * @param partials where the parts are written: scratch memory `[splits, output]`, or, if there is only one part, any
 * binding.
 * @param launch computes the parts of a slice.
 */
export function pixelSumCalls(
  pixels: number,
  { splits, pixelsPerSplit }: PixelSplits,
  partials: KernelBinding,
  output: Tensor,
  device: DeviceTraits,
  launch: (slice: PixelSlice, target: KernelBinding) => KernelCall,
): KernelCall[] {
  const { bytes } = output;
  const sliceOf = ({ first, count }: Range): PixelSlice => {
    const start = first * pixelsPerSplit;
    const end = Math.min(start + count * pixelsPerSplit, pixels);
    return { splits: count, pixelsPerSplit, pixels: { first: start, count: end - start } };
  };
  const whole = launch(sliceOf({ first: 0, count: splits }), partials);
  if (!isScratch(partials)) return [whole];
  const call = (range: Range) =>
    launch(sliceOf(range), { ...partials, part: { offset: range.first * bytes, bytes: range.count * bytes } });
  const plan = (call: KernelCall): KernelPlan => ({ calls: [call], scratchBytes: [] });
  // Slices begin at offsets that can be bound, if that leaves enough of them. If not, they begin at any part, and are
  // copied.
  const aligned = offsetAlignment / greatestCommonDivisor(offsetAlignment, bytes);
  for (const multiple of [aligned, 1]) {
    const ranges = fittingRanges(
      { count: splits, multiple },
      plan(whole),
      output,
      device,
      (range) => plan(call(range)),
    );
    if (ranges !== null) return ranges.map(call);
  }
  return [whole];
}

function isScratch(binding: KernelBinding): binding is ScratchBinding & StoredBinding {
  return typeof binding === "object" && "scratch" in binding;
}
