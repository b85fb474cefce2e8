/**
 * From the points of scans to range images: which point each pixel shows.
 *
 * @module
 */

import clearShader from "../../../shaders/scans/clear_pixels.wgsl" with { type: "text" };
import rangeShader from "../../../shaders/scans/nearest_range.wgsl" with { type: "text" };
import pointShader from "../../../shaders/scans/nearest_point.wgsl" with { type: "text" };
import type { Size } from "../../data/size.ts";
import { grid } from "../../gpu/launch.ts";
import { inRanges, type Range } from "../../graph/slices.ts";
import { type KernelBinding, type KernelCall, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { requireScans, scansOf } from "./geometry.ts";
import { pointPixelsCall, type ProjectionOptions } from "./point_pixels.ts";

/**
 * Projects scans: gives the winners `[N, H, W]` u32, plain. A pixel's winner is the nearest of its points, by its place
 * in the file; of equally near ones the first; `noPoint` where the pixel has none. Has no gradient.
 *
 * A batch that is larger than a binding is projected in slices of whole scans.
 *
 * @param points u32 plain `[N, capacity · 5]`: the words of each scan's rows, 4 or 5 a point, from the start of its
 * place.
 * @param geometry `[N, 28]`, plain: `scanGeometryValues` of each scan.
 * @param size size of the range images.
 * @throws {RangeError} if a shape, type or layout does not fit.
 */
export function projectScans(
  points: Tensor,
  geometry: Tensor,
  size: Size,
  options: ProjectionOptions = {},
): Tensor {
  const { batch, capacity } = requireScans("projectScans", points, geometry);
  const kernels = (scans: Range): KernelPlan => {
    const [nearest, pixels] = [{ scratch: 0 }, { scratch: 1 }];
    return {
      scratchBytes: [4 * scans.count * size.height * size.width, 8 * scans.count * capacity],
      calls: [
        clearCall(scans, size, nearest),
        pointPixelsCall({ points, geometry }, scans, size, { pixels, nearest, ...options }),
        pointCall(pointShader, "nearest_point", { scans, capacity, size }, [pixels, nearest, "output"]),
      ],
    };
  };
  return winners("projectScans", [points, geometry], { batch, size }, kernels);
}

/**
 * The winner of each pixel, as `projectScans` gives it.
 *
 * @param pixels `pointPixels` of the scans.
 * @throws {RangeError} if its shape, type or layout does not fit.
 */
export function nearestPoints(pixels: Tensor, size: Size): Tensor {
  const [batch = 1, capacity = 1, pair = 1] = pixels.shape;
  if (pixels.shape.length !== 3 || pair !== 2 || pixels.dtype !== "u32" || pixels.layout !== "plain") {
    refuse("nearestPoints", `${pixels} (${pixels.dtype}, ${pixels.layout}) must be u32 plain [N, points, 2]`);
  }
  const kernels = (scans: Range): KernelPlan => {
    const [points, nearest] = [scansOf(pixels, scans), { scratch: 0 }];
    const problem = { scans, capacity, size };
    return {
      scratchBytes: [4 * scans.count * size.height * size.width],
      calls: [
        clearCall(scans, size, nearest),
        pointCall(rangeShader, "nearest_range", problem, [points, nearest]),
        pointCall(pointShader, "nearest_point", problem, [points, nearest, "output"]),
      ],
    };
  };
  return winners("nearestPoints", [pixels], { batch, size }, kernels);
}

/** The op, computed in slices of whole scans. */
function winners(
  op: string,
  inputs: readonly Tensor[],
  { batch, size: { height, width } }: { readonly batch: number; readonly size: Size },
  kernels: (scans: Range) => KernelPlan,
): Tensor {
  return new Tensor({
    op,
    shape: [batch, height, width],
    dtype: "u32",
    layout: "plain",
    inputs,
    kernels: (output, device) =>
      inRanges({ count: batch, multiple: 1 }, output, device, kernels, (scans) => scansOf(output, scans)),
  });
}

/** The launch that makes all pixels empty. */
function clearCall({ count }: Range, { height, width }: Size, nearest: KernelBinding): KernelCall {
  const pixels = count * height * width;
  return {
    shader: { name: "scans/clear_pixels", text: clearShader },
    constants: { PIXELS: pixels },
    bindings: [nearest, "output"],
    workgroups: grid(pixels, 64),
    iterations: 0,
  };
}

/** A launch of one invocation per point. */
function pointCall(
  text: string,
  name: string,
  { scans, capacity, size }: { readonly scans: Range; readonly capacity: number; readonly size: Size },
  bindings: readonly KernelBinding[],
): KernelCall {
  return {
    shader: { name: `scans/${name}`, text },
    constants: { BATCH: scans.count, CAPACITY: capacity, PIXELS: size.height * size.width },
    bindings,
    workgroups: grid(scans.count * capacity, 64),
    iterations: 0,
  };
}
