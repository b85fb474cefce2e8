/**
 * The roofline picture of `bench kernels --plot`. It shows the speed of each kernel, under the speed that the adapter's
 * peaks allow at the kernel's operations per byte.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { chart } from "../src/report/chart.ts";
import { element, seriesClasses, svgDocument, text } from "../src/report/svg.ts";
import type { KernelRow } from "./kernels.ts";
import type { Peaks } from "../src/selftest/peaks.ts";

/** The columns of a row that the picture needs. */
export type RooflineRow = Pick<KernelRow, "kernel" | "direction" | "milliseconds" | "flops" | "bytes">;

/** A row as a point of the chart, in its units and in pixels. */
interface Point {
  readonly intensity: number;
  readonly gflops: number;
  readonly x: number;
  readonly y: number;
  /** Number of the kernel in the legend. */
  readonly label: string;
  /** Class of the direction's colour. */
  readonly series: string;
  /** The row in words. */
  readonly title: string;
}

/** A logarithmic axis: its range of values, and the pixels that they are drawn at. */
interface Axis {
  readonly domain: [number, number];
  readonly range: [number, number];
}

const width = 1000;
const frame = { left: 60, top: 64, right: 980, bottom: 560 } as const;
const chartBottom = 604;
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
  const x: Axis = {
    domain: [Math.min(...intensities, ridge(peaks)) / 1.6, Math.max(...intensities, ridge(peaks)) * 1.6],
    range: [left, right],
  };
  const y: Axis = {
    domain: [Math.min(...speeds) / 1.6, Math.max(...speeds, peaks.gflops) * 1.6],
    range: [bottom, top],
  };
  const kernels = [...new Set(rows.map(({ kernel }) => kernel))];
  const directions = [...new Set(rows.map(({ direction }) => direction))];
  const points = rows.map((row): Point => ({
    intensity: row.flops / row.bytes,
    gflops: speed(row),
    x: place(x, row.flops / row.bytes),
    y: place(y, speed(row)),
    label: String(kernels.indexOf(row.kernel) + 1),
    series: seriesClass(directions.indexOf(row.direction)),
    title: titleOf(row),
  }));
  const height = legendTop + Math.ceil(kernels.length / legendColumns) * lineHeight + 8;
  const name = `Roofline of ${adapter}`;
  const axis = { type: "log", grid: true, labelArrow: "none", tickFormat: "~r" } as const;
  const drawn = chart(name, {
    ...{ className: "ink", width, height: chartBottom },
    ...{ marginLeft: left, marginTop: top, marginRight: width - right, marginBottom: chartBottom - bottom },
    x: { ...axis, domain: x.domain, label: "flop per byte", labelAnchor: "center" },
    y: { ...axis, domain: y.domain, label: null },
    marks: [...roof(peaks, x, y), ...dots(points), ...labels(points, x, y)],
  });
  return svgDocument(
    width,
    height,
    `${name}: ${rows.length} kernels`,
    text(16, 22, name, { class: "ink", style: "font-size:15px" }),
    text(left - 28, top - 10, "GFLOP/s", { class: "ink" }),
    drawn,
    ...directions.map((name, index) => directionKey(name, index, directions.slice(0, index).join("").length)),
    ...kernels.map(legendEntry),
  );
}

/** The pixel at which a value lies. */
function place({ domain: [low, high], range: [from, to] }: Axis, value: number): number {
  return from + (to - from) * Math.log(value / low) / Math.log(high / low);
}

/** The value that lies at a pixel. */
function valueAt({ domain: [low, high], range: [from, to] }: Axis, pixel: number): number {
  return low * (high / low) ** ((pixel - from) / (to - from));
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

/** The peaks as a line, from the lowest speed that the chart shows, with what they are. */
function roof(peaks: Peaks, x: Axis, y: Axis): Plot.Markish[] {
  const { gflops, gigabytesPerSecond } = peaks;
  const start = Math.max(x.domain[0], y.domain[0] / gigabytesPerSecond);
  const line = [
    { x: start, y: start * gigabytesPerSecond },
    { x: ridge(peaks), y: gflops },
    { x: x.domain[1], y: gflops },
  ];
  // The label stands near the lower part of the line, where most kernels that memory bounds lie.
  const middle = start * (ridge(peaks) / start) ** 0.85;
  const rise = place(y, 10) - place(y, 1);
  const rotate = Math.atan(rise / (place(x, 10) - place(x, 1))) * 180 / Math.PI;
  return [
    Plot.line(line, { x: "x", y: "y", className: "roof", stroke: "currentColor", strokeWidth: 1.5 }),
    Plot.text([{ x: middle, y: middle * gigabytesPerSecond }], {
      ...{ x: "x", y: "y", dy: -7, rotate, text: () => `copy ${gigabytesPerSecond.toFixed(1)} GB/s` },
    }),
    Plot.text(line.slice(-1), {
      ...{ x: "x", y: "y", dy: -10, textAnchor: "end", text: () => `multiply-add ${gflops.toFixed(1)} GFLOP/s` },
    }),
  ];
}

/** A dot for each row, in the colour of its direction. */
function dots(points: readonly Point[]): Plot.Markish[] {
  return bySeries(points).map(([className, points]) =>
    Plot.dot(points, {
      ...{ x: "intensity", y: "gflops", className },
      r: pointRadius,
      fill: "currentColor",
      title: "title",
    })
  );
}

function bySeries<Item extends { readonly series: string }>(items: readonly Item[]): [string, Item[]][] {
  return seriesClasses.map((name): [string, Item[]] => [name, items.filter(({ series }) => series === name)])
    .filter(([, items]) => items.length > 0);
}

/** The numbers of the kernels beside their dots, with lines to those that are far. */
function labels(points: readonly Point[], x: Axis, y: Axis): Plot.Markish[] {
  const placed = placedLabels(points).map((box, index) => ({
    ...{ series: points[index]?.series ?? "ink", label: points[index]?.label ?? "", isFar: box.isFar },
    ...{ fromX: points[index]?.intensity ?? NaN, fromY: points[index]?.gflops ?? NaN },
    ...{ toX: valueAt(x, box.x), toY: valueAt(y, box.y) },
  }));
  const far = placed.filter(({ isFar }) => isFar);
  return [
    ...far.length > 0
      ? [Plot.link(far, { x1: "fromX", y1: "fromY", x2: "toX", y2: "toY", className: "soft", stroke: "currentColor" })]
      : [],
    ...bySeries(placed).map(([className, labels]) =>
      Plot.text(labels, { ...{ x: "toX", y: "toY", className, text: "label" }, fill: "currentColor" })
    ),
  ];
}

/** A direction's colour and name. `lettersBefore` are those of the names at its left. */
function directionKey(name: string, index: number, lettersBefore: number): string {
  const left = frame.left + 80 + index * 30 + lettersBefore * 7;
  const series = seriesClass(index);
  return [
    element("circle", { cx: left, cy: frame.top - 14, r: pointRadius, class: series, fill: "currentColor" }),
    text(left + 9, frame.top - 10, name, { class: "ink" }),
  ].join("");
}

/** A rectangle by its middle. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The places of the numbers of the points, in pixels. Each stands as near to its point as other points and numbers
 * allow. Points are taken in order, so the same rows give the same picture.
 */
function placedLabels(points: readonly Point[]): (Box & { isFar: boolean })[] {
  const taken: Box[] = points.map(({ x, y }) => ({ x, y, width: 2 * pointRadius, height: 2 * pointRadius }));
  return points.map(({ x, y, label }) => {
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
    return { ...box, isFar: Math.hypot(box.x - x, box.y - y) > 20 };
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
