/**
 * Which pixel of a range image each point of a scan falls on.
 *
 * @module
 */

import shader from "../../../shaders/scans/point_pixels.wgsl" with { type: "text" };
import type { Size } from "../../data/size.ts";
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { inRanges, type Range } from "../../graph/slices.ts";
import { type KernelBinding, type KernelCall, Tensor } from "../../graph/tensor.ts";
import { requireScans, scansOf } from "./geometry.ts";

/** How scans are projected. */
export interface ProjectionOptions {
  /**
   * Whether the geometry may have plans by which points are moved or dropped. Default `true`. `false` leaves out what
   * carries them out: then all scans are projected as they are, in less time.
   */
  readonly moves?: boolean;
}

/** Points that one invocation takes. */
const steps = 8;

/**
 * The pixel and the range of each point: `[N, capacity, 2]` u32, plain. The first is the pixel's number, `row · width +
 * column`, or `noPoint` where the point has none: it is not finite, or has x = y = z = 0, or lies within the sensor's
 * `nearest`, or its ring is none of the sensor's, or the plan drops it, or there is no such point. The second holds the
 * bits of the f32 range: |xyz| by the rule `angle`, hypot(x, y) by the rule `ring`; 0 where the point has no pixel.
 * Ranges are not negative, so their bits have the order of the ranges.
 *
 * The rule `ring` takes a point's row from its ring, which is the fifth number of its row. Where rows have four, and
 * where the rule is `angle`, it takes the row from the elevation. An image of other than the sensor's rows takes them
 * in proportion.
 *
 * Columns, rows and ranges are computed in whole numbers, so all adapters agree on each bit where points are not moved.
 * The range is correctly rounded. Columns and rows are off by less than 2 · 10⁻⁶ before they are rounded down. Has no
 * gradient.
 *
 * @param points u32 plain `[N, capacity · 5]`: the words of each scan's rows, one row after the other, from the start
 * of its place.
 * @param geometry `[N, 28]`, plain: `scanGeometryValues` of each scan.
 * @throws {RangeError} if a shape, type or layout does not fit.
 */
export function pointPixels(points: Tensor, geometry: Tensor, size: Size, options: ProjectionOptions = {}): Tensor {
  const { batch, capacity } = requireScans("pointPixels", points, geometry);
  return new Tensor({
    op: "pointPixels",
    shape: [batch, capacity, 2],
    dtype: "u32",
    layout: "plain",
    inputs: [points, geometry],
    kernels: (output, device) =>
      inRanges(
        { count: batch, multiple: 1 },
        output,
        device,
        (scans) => ({
          calls: [pointPixelsCall({ points, geometry }, scans, size, { pixels: "output", ...options })],
        }),
        (scans) => scansOf(output, scans),
      ),
  });
}

/** Where the results of `pointPixelsCall` go. */
export interface PointPixelsResults extends ProjectionOptions {
  /** The pixel and the range of each point. */
  readonly pixels: KernelBinding;
  /** The bits of the range of the nearest point of each pixel, which the launch lowers. Default: they are not kept. */
  readonly nearest?: KernelBinding;
}

/** The launch that computes `pointPixels` of some scans of a batch. */
export function pointPixelsCall(
  { points, geometry }: { readonly points: Tensor; readonly geometry: Tensor },
  scans: Range,
  { height, width }: Size,
  { pixels, nearest, moves = true }: PointPixelsResults,
): KernelCall {
  const { capacity } = requireScans("pointPixels", points, geometry);
  const kept = nearest === undefined ? "lib/keep_no_nearest.wgsl" : "lib/keep_nearest.wgsl";
  return {
    shader: { name: "scans/point_pixels", text: shader, includes: { NEAREST: kept } },
    constants: { BATCH: scans.count, CAPACITY: capacity, HEIGHT: height, WIDTH: width, STEPS: steps, MOVES: moves },
    bindings: [scansOf(points, scans), scansOf(geometry, scans), pixels, ...nearest === undefined ? [] : [nearest]],
    workgroups: grid(scans.count * Math.ceil(capacity / (64 * steps)), 1),
    iterations: nestedIterations(steps, 11),
    flops: scans.count * capacity * 600,
  };
}
