/**
 * The projection of scans in plain float64 loops: the definition that its kernels are tested against.
 *
 * @module
 */

import type { ScanPlan } from "../../src/data/scans/augmentation.ts";
import type { ScanPoints } from "../../src/ops/scans/geometry.ts";
import { philox } from "../../src/random.ts";

type Size = { readonly height: number; readonly width: number };

/** A point on its pixel. */
export interface ProjectedPoint {
  /** Number of the pixel. */
  readonly pixel: number;
  /** The range by the sensor's rule, as f32. */
  readonly range: number;
  /** How far column and row, before they are rounded down, are from a whole number. */
  readonly margin: number;
}

/** Where a point is after mirroring, scaling, turning and shifting, rounded to f32 where it is moved at all. */
export function movedPoint([x, y, z]: readonly [number, number, number], plan: ScanPlan | undefined) {
  if (plan === undefined) return [x, y, z] as const;
  const mirrored = [plan.mirrorX ? -x : x, plan.mirrorY ? -y : y] as const;
  const [cosine, sine] = [Math.cos(plan.angle), Math.sin(plan.angle)];
  return [
    Math.fround(plan.scale * (cosine * mirrored[0] - sine * mirrored[1]) + plan.shift[0]),
    Math.fround(plan.scale * (sine * mirrored[0] + cosine * mirrored[1]) + plan.shift[1]),
    Math.fround(z + plan.shift[2]),
  ] as const;
}

/** The numbers of a point, in the order of its row. */
export function rowOf({ height, pixels }: ScanPoints, point: number): number[] {
  const columns = pixels.length / height;
  return Array.from(pixels.subarray(point * columns, (point + 1) * columns));
}

/** The pixel of each point, or `null`. */
export function pointPixels(
  scan: ScanPoints,
  size: Size,
  plan?: ScanPlan,
  mirror = false,
): (ProjectedPoint | null)[] {
  return Array.from({ length: scan.height }, (_, point) => projected(scan, point, size, plan, mirror));
}

function projected(
  scan: ScanPoints,
  point: number,
  { height, width }: Size,
  plan: ScanPlan | undefined,
  mirror: boolean,
): ProjectedPoint | null {
  const { sensor } = scan;
  const [x = 0, y = 0, z = 0, intensity = 0, ring] = rowOf(scan, point);
  if (![x, y, z, intensity].every(Number.isFinite) || x === 0 && y === 0 && z === 0) return null;
  if (Math.fround(Math.hypot(x, y)) < Math.fround(sensor.nearest)) return null;
  if (plan !== undefined && isDropped(plan, point)) return null;
  const [a, b, c] = movedPoint([x, y, z], plan);
  const isRing = sensor.rule === "ring";
  const range = Math.fround(isRing ? Math.hypot(a, b) : Math.hypot(a, b, c));
  const turns = Math.atan2(b, a) / (2 * Math.PI);
  const column = isRing ? width * (turns < 0 ? turns + 1 : turns) : width * (0.5 - turns);
  const elevation = Math.atan2(c, Math.hypot(a, b)) * 180 / Math.PI;
  let row = height * (1 - (elevation - sensor.down) / (sensor.up - sensor.down));
  if (isRing && ring !== undefined) {
    if (!(ring >= 0 && ring < sensor.rows)) return null;
    row = Math.floor((sensor.rows - 1 - Math.floor(ring)) * height / sensor.rows) + 0.5;
  }
  const margin = Math.min(fromWhole(column), fromWhole(row));
  const rolled = (clamped(column, width) + Math.floor((plan?.roll ?? 0) * width)) % width;
  const pixel = clamped(row, height) * width + (mirror ? width - 1 - rolled : rolled);
  return { pixel, range, margin };
}

function isDropped({ dropped, key }: ScanPlan, point: number): boolean {
  const [bits = 0] = philox(key, [point, 0, 0, 0]);
  return (bits >>> 8) < Math.round(dropped * 2 ** 24);
}

function clamped(place: number, count: number): number {
  return Math.max(0, Math.min(count - 1, Math.floor(place)));
}

function fromWhole(value: number): number {
  return Math.abs(value - Math.round(value));
}

/** The winner of each pixel, −1 where it is empty: the nearest of its points, the first of equally near ones. */
export function nearestPoints(points: readonly (ProjectedPoint | null)[], { height, width }: Size): Int32Array {
  const winner = new Int32Array(height * width).fill(-1);
  const nearest = new Float64Array(height * width).fill(Infinity);
  for (const [index, point] of points.entries()) {
    if (point === null || !(point.range < (nearest[point.pixel] ?? 0))) continue;
    winner[point.pixel] = index;
    nearest[point.pixel] = point.range;
  }
  return winner;
}

/** The channels `[6, H, W]` of a range image with the given winners. */
export function rangeChannels(
  scan: ScanPoints,
  winner: Int32Array,
  scaling: "scaled" | "raw",
  plan?: ScanPlan,
  mirror = false,
): number[] {
  const isRing = scan.sensor.rule === "ring";
  const divisors = scaling === "raw" ? [1, 1, 1, 1, 1, 1] : [50, 50, 3, 1, 80, 1];
  const planes: number[][] = [[], [], [], [], [], []];
  for (const point of winner) {
    const [x = 0, y = 0, z = 0, intensity = 0] = point < 0 ? [] : rowOf(scan, point);
    const [a, b, c] = movedPoint([x, y, z], plan);
    const remission = intensity / (scaling === "scaled" && scan.pixels.length === 5 * scan.height ? 255 : 1);
    const range = isRing ? Math.hypot(a, b) : Math.hypot(a, b, c);
    const values = point < 0 ? [-1, -1, -1, -1, -1, 0] : [a, mirror ? -b : b, c, remission, range, 1];
    for (const [channel, value] of values.entries()) planes[channel]?.push(value / (divisors[channel] ?? 1));
  }
  return planes.flat();
}

/** The label of each pixel, 255 where it is empty. */
export function pointLabels(labels: ArrayLike<number>, winner: Int32Array): number[] {
  return Array.from(winner, (point) => point < 0 ? 255 : labels[point] ?? 255);
}
