/**
 * Labels of the points of LiDAR scans from those of the pixels of their range images, on the GPU. About a fifth of the
 * points are hidden behind the point that won their pixel, and often belong to another thing.
 *
 * @module
 */

import shader from "../../../shaders/scans/backproject.wgsl" with { type: "text" };
import type { Gpu } from "../../gpu/gpu.ts";
import { type BufferRange, type Dispatch, grid } from "../../gpu/launch.ts";

/**
 * How a point gets its label.
 *
 * - `nearest`: a point whose range is that of its pixel takes the pixel's label, any other the label of the pixel of the
 *   5×5 window around its own that is nearest in range (the filter of FIDNet, Zhao et al., IROS 2021).
 * - `none`: each point takes the label of its pixel.
 * - `knn`: the five pixels of the window that are nearest in range vote (RangeNet++, Milioto et al., IROS 2019).
 *
 * Empty pixels and places beyond the edge take no part. The window does not go round from the last column to the first.
 */
export type PointRule = "nearest" | "none" | "knn";

/** What the launch reads and writes. */
export interface BackprojectionBuffers {
  /** `[N, H, W]`, one byte per pixel; 255 without a label. */
  readonly labels: BufferRange;
  /** `[N, H, W]` u32: the index of the point of each pixel, `noPoint` where empty. */
  readonly winners: BufferRange;
  /** `[N, capacity, 2]` u32: the pixel v·W + u of each point, `noPoint` where it has none, and the bits of its range. */
  readonly places: BufferRange;
  /** `[N, capacity]`, written: one byte per point. */
  readonly points: BufferRange;
}

/** Sizes, and the rule. */
export interface BackprojectionOptions {
  /** Scans. */
  readonly scans: number;
  /** Points that there is room for in each scan; a multiple of four. */
  readonly capacity: number;
  /** Rows of the range image. */
  readonly height: number;
  /** Columns of the range image. */
  readonly width: number;
  /** How a point gets its label. */
  readonly rule: PointRule;
  /** Bytes of `labels` from scan to scan. Default: `height · width`. */
  readonly stride?: number;
  /** Only for tests: whether padding and empty pixels take part as in the published code. Default `false`. */
  readonly isPadded?: boolean;
}

/**
 * The launch that labels the points of a batch of scans. Points without a pixel, such as those that the projection left
 * out, get 255.
 *
 * @throws {RangeError} if the capacity is no multiple of four, or a buffer is too small.
 */
export function backprojectDispatch(
  gpu: Gpu,
  { labels, winners, places, points }: BackprojectionBuffers,
  options: BackprojectionOptions,
): Promise<Dispatch> {
  const { scans, capacity, height, width, rule, stride = height * width, isPadded = false } = options;
  const pixels = height * width;
  if (capacity % 4 !== 0) throw new RangeError(`Cannot label ${capacity} points a scan: it is no multiple of four`);
  const needed = [
    ["labels", labels.size, (scans - 1) * stride + pixels],
    ["winners", winners.size, scans * pixels * 4],
    ["places", places.size, scans * capacity * 8],
    ["points", points.size, scans * capacity],
  ] as const;
  for (const [name, size, least] of needed) {
    if (size < least) throw new RangeError(`Cannot label points: ${name} has ${size} bytes, it must have ${least}`);
  }
  return gpu.dispatch(
    { name: "scans/backproject", text: shader, includes: { POST: `lib/point_label_${rule}.wgsl` } },
    {
      ...{ BATCH: scans, HEIGHT: height, WIDTH: width, STRIDE: stride, CAPACITY: capacity },
      ...{ PADDED: isPadded },
    },
    [labels, winners, places, points],
    grid(scans * capacity / 4, 64),
    `labels of points (${rule})`,
  );
}
