/**
 * Curves over rounds: one large, or one small for each class.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { chart } from "../chart.ts";
import { type Markup, markup, trusted } from "../markup.ts";
import type { ReportClass } from "./data.ts";
import { classLabel, missing } from "./shown_runs.ts";

/** A curve; a gap is left where a value is not known. */
export interface Curve {
  /** What the curve is, for the text at its points. */
  readonly name: string;
  /** A colour as CSS has it. */
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number | null])[];
  /** How it is drawn: `solid` unless given. */
  readonly line?: "solid" | "dashed" | "dotted";
}

/** Sizes and axes of a chart of curves. */
export interface CurveAxes {
  readonly x: string;
  readonly y: string;
  /** The range of y; from the curves unless given. */
  readonly domain?: readonly [number, number];
  /** Whether y is logarithmic. */
  readonly log?: boolean;
  /** How a value is written at its point. */
  readonly text?: (value: number) => string;
}

const dashes = { solid: undefined, dashed: "5,3", dotted: "1.5,3" } as const;

/** A chart of curves with whole numbers on its x axis, as wide as a phone. */
export function curveChart(title: string, curves: readonly Curve[], axes: CurveAxes): Markup {
  const size = { width: 440, height: 250, marginLeft: 44, marginRight: 16, marginTop: 26, marginBottom: 38 };
  return markup`<figure class="chart">${trusted(drawn(title, curves, axes, { ...size, fontSize: 13 }))}</figure>`;
}

/** One small chart for each class, all with the same axes. */
export function classCharts(
  title: string,
  classes: readonly ReportClass[],
  curves: (name: string) => readonly Curve[],
  axes: CurveAxes,
): Markup {
  const all = classes.map(({ name }) => curves(name));
  const common = { ...axes, domain: axes.domain ?? domainOf(all.flat(), axes.log === true) };
  const size = { width: 176, height: 104, marginLeft: 34, marginRight: 8, marginTop: 8, marginBottom: 20 };
  return markup`<ul class="classcharts">${
    classes.map((one, index) =>
      markup`<li><span class="name">${classLabel(one)}</span>${
        trusted(
          drawn(`${title}: ${one.name}`, all[index] ?? [], { ...common, x: "", y: "" }, { ...size, fontSize: 11 }),
        )
      }</li>`
    )
  }</ul>`;
}

interface ChartSize {
  readonly width: number;
  readonly height: number;
  readonly marginLeft: number;
  readonly marginRight: number;
  readonly marginTop: number;
  readonly marginBottom: number;
  readonly fontSize: number;
}

function drawn(title: string, curves: readonly Curve[], axes: CurveAxes, { fontSize, ...size }: ChartSize): string {
  const isSmall = axes.x === "";
  const largest = Math.max(1, ...curves.flatMap(({ points }) => points.map(([x]) => x)));
  const every = Math.ceil(largest / (isSmall ? 5 : 10));
  const steps = Array.from({ length: Math.floor(largest / every) + 1 }, (_, index) => index * every);
  const domain = axes.domain ?? domainOf(curves, axes.log === true);
  const text = axes.text ?? String;
  return chart(title, {
    ...size,
    style: { fontSize: `${fontSize}px` },
    x: { label: axes.x, domain: [0, largest], ticks: steps, tickFormat: String, tickSize: 3, labelArrow: "none" },
    y: {
      ...{ label: axes.y, domain: [...domain], nice: true, grid: true, tickSize: 0 },
      ...{ labelArrow: "none", ...axes.log === true ? logTicks(domain, isSmall ? 2 : 5) : { ticks: isSmall ? 2 : 5 } },
    },
    marks: curves.flatMap((curve) => curveMarks(curve, text, axes.log === true)),
  });
}

function curveMarks({ name, color, points, line = "solid" }: Curve, text: CurveAxes["text"], isLog: boolean) {
  // A logarithmic axis has no place for 0.
  const rows = points.map(([x, y]) => ({ x, y: y === null || (isLog && y <= 0) ? NaN : y }));
  const title = ({ x, y }: { x: number; y: number }) => `${name}, ${x}: ${text?.(y) ?? missing}`;
  const dash = dashes[line] === undefined ? {} : { strokeDasharray: dashes[line] };
  return [
    Plot.lineY(rows, { x: "x", y: "y", stroke: color, strokeWidth: 1.75, ...dash }),
    ...line === "dotted"
      ? []
      : [Plot.dot(rows.filter(({ y }) => !Number.isNaN(y)), { x: "x", y: "y", r: 2.5, fill: color, title })],
  ];
}

function logTicks([low, high]: readonly [number, number], most: number) {
  const from = Math.ceil(Math.log10(low) - 1e-9);
  const to = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.max(1, Math.ceil((to - from + 1) / most));
  const ticks: number[] = [];
  for (let power = from; power <= to; power += every) ticks.push(Number(`1e${power}`));
  return {
    type: "log" as const,
    ticks,
    tickFormat: (value: number) => value >= 0.01 ? String(value) : value.toExponential(0),
  };
}

/** The range of all values: from 0 on a linear axis, whole powers of ten on a logarithmic one. */
function domainOf(curves: readonly Curve[], isLog: boolean): [number, number] {
  const values = curves.flatMap(({ points }) => points.flatMap(([, y]) => y === null ? [] : [y]));
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  if (!isLog) return [0, largest === 0 ? 1 : largest];
  const least = values.reduce((least, value) => value > 0 ? Math.min(least, value) : least, largest);
  const [low, high] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(largest))];
  return [10 ** low, 10 ** Math.max(high, low + 1)];
}

/** Whether values differ so much that a linear axis would hide the small ones. */
export function needsLog(values: readonly (number | null)[]): boolean {
  const positive = values.flatMap((value) => value !== null && value > 0 ? [value] : []);
  if (positive.length === 0) return false;
  return Math.max(...positive) / Math.min(...positive) > 100 || Math.max(...positive) < 0.01;
}
