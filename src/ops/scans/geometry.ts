/**
 * How a scan is projected, as the numbers that the kernels read: the rule of its sensor, its field of view, and how its
 * points are moved before.
 *
 * @module
 */

import type { PixelImage } from "../../data/sample.ts";
import type { ScanPlan } from "../../data/scans/augmentation.ts";
import type { ScanSensor } from "../../data/scans/sensor.ts";
import type { Size } from "../../data/size.ts";
import { part, type Range } from "../../graph/slices.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";

/** How many numbers a scan's geometry has on the GPU. `shaders/lib/scan_geometry.wgsl` reads them. */
export const scanGeometryLength = 28;
/** Words of the longest row of a scan. The scans of a batch lie at multiples of their room in such rows. */
export const scanRowWords = 5;
/** What a pixel without a point holds instead of the number of its point, and a point without a pixel instead of its pixel. */
export const noPoint = 0xffffffff;

/** A scan, as far as its geometry is concerned. */
export interface ScanPoints extends Pick<PixelImage, "height" | "pixels"> {
  /** The sensor. */
  readonly sensor: ScanSensor;
}

/** How a scan is seen, besides how its points are moved. */
export interface ScanView {
  /** Whether the columns of the range image are reversed and y is negated: the view of a mirrored street. Default `false`. */
  readonly mirror?: boolean;
}

/**
 * The numbers of one scan, in the order in which the kernels read them.
 *
 * Numbers of more than 24 bits stand as two halves, as an f32 holds no more.
 *
 * @param size size of the range image.
 * @param plan how the points are moved; default: they stay where they are.
 * @throws {RangeError} if the scan has no rows of 4 or 5 numbers, or the field of view is empty.
 */
export function scanGeometryValues(
  { height: points, pixels, sensor }: ScanPoints,
  size: Size,
  plan?: ScanPlan,
  { mirror = false }: ScanView = {},
): number[] {
  const columns = pixels.length / points;
  if (columns !== 4 && columns !== scanRowWords) {
    throw new RangeError(`Cannot project a scan of ${points} points and ${pixels.length} numbers: a point has 4 or 5`);
  }
  const { rule, nearest, rows } = sensor;
  const { scale, shift } = rowScale(sensor, size.height);
  const isRing = rule === "ring";
  return [
    ...[points, columns, isRing ? 1 : 0, nearest],
    ...halves(Math.round(sensor.up / 45 * 2 ** 28)),
    ...halves(scale),
    ...[shift, mirror ? 1 : 0, Math.floor((plan?.roll ?? 0) * size.width), columns === scanRowWords ? 1 / 255 : 1],
    ...halves(plan?.key[0] ?? 0),
    ...halves(plan?.key[1] ?? 0),
    ...[Math.round((plan?.dropped ?? 0) * 2 ** 24), ...plan?.shift ?? [0, 0, 0]],
    ...turn(plan),
    // Without rings in the file, the row follows from the elevation.
    ...[isRing && columns === scanRowWords ? rows : 0, plan === undefined ? 0 : 1, 0, 0],
  ];
}

/**
 * The factor from an angle below the upper edge, in eighths of a turn, to rows: `scale · 2^−shift`, with the 32 bits of
 * `scale` used up.
 */
function rowScale({ name, up, down }: ScanSensor, rows: number): { scale: number; shift: number } {
  if (!(up > down && up <= 90 && down >= -90)) {
    throw new RangeError(
      `Cannot project scans of ${name}: its field of view goes from ${up}° down to ${down}°, which must lie between ` +
        "90° and −90°",
    );
  }
  const rowsPerEighth = rows * 45 / (up - down);
  const shift = 31 - Math.floor(Math.log2(rowsPerEighth));
  return { scale: Math.min(2 ** 32 - 1, Math.round(rowsPerEighth * 2 ** shift)), shift };
}

/** The factors of x and y in the new x and the new y. */
function turn(plan: ScanPlan | undefined): readonly [number, number, number, number] {
  if (plan === undefined) return [1, 0, 0, 1];
  const cosine = plan.scale * Math.cos(plan.angle);
  const sine = plan.scale * Math.sin(plan.angle);
  const x = plan.mirrorX ? -1 : 1;
  const y = plan.mirrorY ? -1 : 1;
  return [cosine * x, -sine * y, sine * x, cosine * y];
}

/** A whole number as `high · 2¹⁶ + low`. */
function halves(value: number): readonly [number, number] {
  const high = Math.floor(value / 2 ** 16);
  return [high, value - high * 2 ** 16];
}

/**
 * Checks the points and the geometry of a batch, and gives the number of points that there is room for in each scan.
 *
 * @throws {RangeError} naming the op and the layer, if a shape, type or layout does not fit.
 */
export function requireScans(op: string, points: Tensor, geometry: Tensor): { batch: number; capacity: number } {
  const [batch = 1, words = 1] = points.shape;
  const fits = points.shape.length === 2 && points.dtype === "u32" && points.layout === "plain";
  if (!fits || words % scanRowWords !== 0) {
    refuse(op, `${points} (${points.dtype}, ${points.layout}) must be u32 plain [N, 5 · points]`);
  }
  if (geometry.shape.join() !== `${batch},${scanGeometryLength}` || geometry.layout !== "plain") {
    refuse(op, `geometry ${geometry} (${geometry.layout}) must be plain [${batch}, ${scanGeometryLength}]`);
  }
  return { batch, capacity: words / scanRowWords };
}

/** Checks that `tensor` is plain and of the given type and shape. */
export function requirePlain(op: string, tensor: Tensor, dtype: "u32" | "u8", shape: readonly number[]): void {
  if (tensor.layout === "plain" && tensor.dtype === dtype && tensor.shape.join() === shape.join()) return;
  refuse(op, `${tensor} (${tensor.dtype}, ${tensor.layout}) must be ${dtype} plain [${shape.join(", ")}]`);
}

/** Some scans of a plain tensor whose first side counts scans. */
export function scansOf(tensor: Tensor, { first, count }: Range): Tensor {
  const [batch = 1, ...shape] = tensor.shape;
  if (count === batch) return tensor;
  const elements = shape.reduce((product, side) => product * side, 1);
  return part(tensor, [count, ...shape], first * elements * (tensor.dtype === "u8" ? 1 : 4));
}
