/**
 * The roofline picture of `bench kernels --plot`. It shows the speed of each kernel, under the speed that the adapter's
 * peaks allow at the kernel's operations per byte.
 *
 * @module
 */

import { axes, type Frame, logScale, type Scale } from "../src/report/axes.ts";
import { element, escaped, polyline, seriesClasses, svgDocument, text } from "../src/report/svg.ts";
import type { KernelRow } from "./kernels.ts";
import type { Peaks } from "../src/selftest/peaks.ts";

/** The columns of a row that the picture needs. */
export type RooflineRow = Pick<KernelRow, "kernel" | "direction" | "milliseconds" | "flops" | "bytes">;

interface Point {
  readonly x: number;
  readonly y: number;
  /** Number of the kernel in the legend. */
  readonly label: string;
  /** Class of the direction's colour. */
  readonly series: string;
  /** The row in words. */
  readonly title: string;
}

const width = 1000;
const frame: Frame = { left: 60, top: 64, right: 980, bottom: 560 };
const legendTop = 626;
const legendColumns = 2;
const lineHeight = 17;
const pointRadius = 4;

/**
 * The picture as SVG: operations per byte against GFLOP/s, both logarithmic, with a point per row. A point's number
 * names its kernel, its colour the direction.
 *
 * @throws {RangeError} where there is no row, or one without operations, bytes or time.
 */
export function rooflineSvg(peaks: Peaks, rows: readonly RooflineRow[], adapter: string): string {
  if (rows.length === 0) throw new RangeError("Cannot draw a roofline without kernels");
  const unusable = rows.find(({ flops, bytes, milliseconds }) => !(flops > 0 && bytes > 0 && milliseconds > 0));
  if (unusable !== undefined) {
    throw new RangeError(`Cannot draw ${unusable.kernel} (${unusable.direction}): it has no operations, bytes or time`);
  }
  const intensities = rows.map(({ flops, bytes }) => flops / bytes);
  const speeds = rows.map(speed);
  const { left, right, top, bottom } = frame;
  const least = Math.min(...intensities, ridge(peaks)) / 1.6;
  const x = logScale(least, Math.max(...intensities, ridge(peaks)) * 1.6, left, right);
  const y = logScale(Math.min(...speeds) / 1.6, Math.max(...speeds, peaks.gflops) * 1.6, bottom, top);
  const kernels = [...new Set(rows.map(({ kernel }) => kernel))];
  const directions = [...new Set(rows.map(({ direction }) => direction))];
  const points = rows.map((row): Point => ({
    x: x.place(row.flops / row.bytes),
    y: y.place(speed(row)),
    label: String(kernels.indexOf(row.kernel) + 1),
    series: seriesClass(directions.indexOf(row.direction)),
    title: titleOf(row),
  }));
  const height = legendTop + Math.ceil(kernels.length / legendColumns) * lineHeight + 8;
  return svgDocument(
    width,
    height,
    `Roofline of ${adapter}: ${rows.length} kernels`,
    text(16, 22, `Roofline of ${adapter}`, { class: "ink", style: "font-size:15px" }),
    axes(frame, x, y, { x: "flop per byte", y: "GFLOP/s" }),
    roof(peaks, x, y),
    ...directions.map((name, index) => directionKey(name, index)),
    ...points.map(mark),
    ...placedLabels(points),
    ...kernels.map(legendEntry),
  );
}

function speed({ flops, milliseconds }: RooflineRow): number {
  return flops / milliseconds / 1e6;
}

/** The operations per byte at which memory and arithmetic allow the same speed. */
function ridge({ gflops, gigabytesPerSecond }: Peaks): number {
  return gflops / gigabytesPerSecond;
}

function seriesClass(index: number): string {
  return seriesClasses[index % seriesClasses.length] ?? "ink";
}

function titleOf(row: RooflineRow): string {
  const { kernel, direction, milliseconds, flops, bytes } = row;
  return `${kernel}, ${direction}: ${milliseconds.toFixed(2)} ms, ${speed(row).toFixed(2)} GFLOP/s, ` +
    `${(flops / bytes).toFixed(2)} flop per byte`;
}

/** The peaks as a line, from the lowest speed that the chart shows. */
function roof(peaks: Peaks, x: Scale, y: Scale): string {
  const { gflops, gigabytesPerSecond } = peaks;
  const { left, right, bottom } = frame;
  const corner: [number, number] = [x.place(ridge(peaks)), y.place(gflops)];
  // One decade of operations per byte is one decade of speed.
  const slope = (y.place(10) - y.place(1)) / (x.place(10) - x.place(1));
  const start: [number, number] = corner[1] + slope * (left - corner[0]) <= bottom
    ? [left, corner[1] + slope * (left - corner[0])]
    : [corner[0] + (bottom - corner[1]) / slope, bottom];
  // The label stands near the lower part of the line, where most kernels that memory bounds lie.
  const middle = [start[0] + 0.85 * (corner[0] - start[0]), start[1] + 0.85 * (corner[1] - start[1]) - 7] as const;
  const angle = Math.atan(slope) * 180 / Math.PI;
  return [
    polyline([start, corner, [right, corner[1]]], { class: "ink", stroke: "currentColor", "stroke-width": 1.5 }),
    text(...middle, `copy ${gigabytesPerSecond.toFixed(1)} GB/s`, {
      ...{ class: "ink", "text-anchor": "middle" },
      transform: `rotate(${angle.toFixed(1)} ${middle.map((value) => value.toFixed(1)).join(" ")})`,
    }),
    text(right, corner[1] - 7, `multiply-add ${gflops.toFixed(1)} GFLOP/s`, { class: "ink", "text-anchor": "end" }),
  ].join("\n");
}

function directionKey(name: string, index: number): string {
  const left = frame.left + 80 + index * 90;
  const series = seriesClass(index);
  return [
    element("circle", { cx: left, cy: frame.top - 14, r: pointRadius, class: series, fill: "currentColor" }),
    text(left + 9, frame.top - 10, name, { class: "ink" }),
  ].join("");
}

function mark({ x, y, series, title }: Point): string {
  const place = { cx: x, cy: y, r: pointRadius };
  return element(
    "circle",
    { class: `mark ${series}`, ...place, fill: "currentColor" },
    `<title>${escaped(title)}</title>`,
  );
}

/** A rectangle by its middle. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The numbers of the points. Each stands as near to its point as other points and numbers allow, with a line where it
 * is far. Points are taken in order, so the same rows give the same picture.
 */
function placedLabels(points: readonly Point[]): string[] {
  const taken: Box[] = points.map(({ x, y }) => ({ x, y, width: 2 * pointRadius, height: 2 * pointRadius }));
  return points.map(({ x, y, label, series }) => {
    const size = { width: 7 * label.length + 2, height: 11 };
    const boxes = labelPlaces.map(([angle, distance]): Box => ({
      ...size,
      x: x + Math.cos(angle) * (distance + size.width / 2),
      y: y + Math.sin(angle) * (distance + size.height / 2),
    }));
    const crossings = (box: Box) => taken.filter((other) => overlap(box, other)).length + (isInside(box) ? 0 : 100);
    const box = boxes.find((box) => crossings(box) === 0) ??
      boxes.reduce((best, box) => crossings(box) < crossings(best) ? box : best);
    taken.push(box);
    const isFar = Math.hypot(box.x - x, box.y - y) > 20;
    const line = element("line", { x1: x, y1: y, x2: box.x, y2: box.y, class: "soft", stroke: "currentColor" });
    return (isFar ? line : "") + text(box.x, box.y + 4, label, { class: series, "text-anchor": "middle" });
  });
}

/** Directions and distances of a label from its point, the best first. */
const labelPlaces: readonly (readonly [number, number])[] = [5, 9, 14, 20, 28, 38].flatMap((distance) =>
  [0, 4, 2, 6, 1, 7, 3, 5].map((eighth) => [eighth * Math.PI / 4, distance] as const)
);

function overlap(a: Box, b: Box): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;
}

function isInside({ x, y, width, height }: Box): boolean {
  const { left, top, right, bottom } = frame;
  return x - width / 2 > left && x + width / 2 < right && y - height / 2 > top && y + height / 2 < bottom;
}

function legendEntry(kernel: string, index: number, kernels: readonly string[]): string {
  const rows = Math.ceil(kernels.length / legendColumns);
  const left = frame.left + Math.floor(index / rows) * (width - frame.left) / legendColumns;
  const y = legendTop + (index % rows) * lineHeight;
  return text(left, y, String(index + 1), { class: "soft", "text-anchor": "end" }) +
    text(left + 8, y, kernel, { class: "ink" });
}
