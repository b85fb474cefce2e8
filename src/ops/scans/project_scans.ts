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
import { inRanges } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { scansOf } from "./geometry.ts";
import { pointPixels } from "./point_pixels.ts";

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
export function projectScans(points: Tensor, geometry: Tensor, size: Size): Tensor {
  return nearestPoints(pointPixels(points, geometry, size), size);
}

/**
 * The winner of each pixel, as `projectScans` gives it.
 *
 * @param pixels `pointPixels` of the scans.
 * @throws {RangeError} if its shape, type or layout does not fit.
 */
export function nearestPoints(pixels: Tensor, { height, width }: Size): Tensor {
  const [batch = 1, capacity = 1, pair = 1] = pixels.shape;
  if (pixels.shape.length !== 3 || pair !== 2 || pixels.dtype !== "u32" || pixels.layout !== "plain") {
    refuse("nearestPoints", `${pixels} (${pixels.dtype}, ${pixels.layout}) must be u32 plain [N, points, 2]`);
  }
  return new Tensor({
    op: "nearestPoints",
    shape: [batch, height, width],
    dtype: "u32",
    layout: "plain",
    inputs: [pixels],
    kernels: (output, device) =>
      inRanges(
        { count: batch, multiple: 1 },
        output,
        device,
        (scans) => {
          const count = scans.count * height * width;
          const points = scansOf(pixels, scans);
          const nearest = { scratch: 0 };
          const launch = {
            constants: { BATCH: scans.count, CAPACITY: capacity, PIXELS: height * width },
            workgroups: grid(scans.count * capacity, 64),
            iterations: 0,
          };
          return {
            scratchBytes: [4 * count],
            calls: [{
              shader: { name: "scans/clear_pixels", text: clearShader },
              constants: { PIXELS: count },
              bindings: [nearest, "output"],
              workgroups: grid(count, 64),
              iterations: 0,
            }, {
              ...launch,
              shader: { name: "scans/nearest_range", text: rangeShader },
              bindings: [points, nearest],
            }, {
              ...launch,
              shader: { name: "scans/nearest_point", text: pointShader },
              bindings: [points, nearest, "output"],
            }],
          };
        },
        (scans) => scansOf(output, scans),
      ),
  });
}
