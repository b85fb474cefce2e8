/**
 * Pixels of range images that show no point have no label.
 *
 * @module
 */

import shader from "../../../shaders/scans/blank_pixels.wgsl" with { type: "text" };
import type { Gpu } from "../../gpu/gpu.ts";
import { type BufferRange, type Dispatch, grid } from "../../gpu/launch.ts";

/**
 * The launch that makes 255 of the labels of pixels that show no point.
 *
 * @param winner `[N, H, W]` u32, `noPoint` where a pixel shows no point.
 * @param labels `[N, H, W]`, one byte per pixel, padded to whole 4-byte words; changed in place.
 * @param pixels N · H · W.
 */
export function blankDispatch(
  gpu: Gpu,
  winner: BufferRange,
  labels: GPUBuffer | BufferRange,
  pixels: number,
): Promise<Dispatch> {
  return gpu.dispatch(
    { name: "scans/blank_pixels", text: shader },
    { PIXELS: pixels },
    [winner, labels],
    grid(Math.ceil(pixels / 4), 64),
  );
}
