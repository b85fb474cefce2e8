/**
 * Scales and axes of a chart, as SVG.
 *
 * @module
 */

import { element, text } from "./svg.ts";

/** Where values lie along an axis. */
export interface Scale {
  /** The place of a value, in pixels. */
  readonly place: (value: number) => number;
  /** Values that get a grid line, and the text written there. An empty text gives a line alone. */
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/** The rectangle that a chart is drawn in, in pixels. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A logarithmic scale from `least` to `largest`, both above 0, with ticks at 1, 2 and 5 times the powers of ten. */
export function logScale(least: number, largest: number, from: number, to: number): Scale {
  const low = Math.log10(least);
  const perDecade = (to - from) / (Math.log10(largest) - low);
  const ticks: { value: number; label: string }[] = [];
  for (let power = Math.floor(low); 10 ** power <= largest; power++) {
    for (const digit of [1, 2, 5]) {
      const value = Number(`${digit}e${power}`);
      if (value >= least && value <= largest) ticks.push({ value, label: String(value) });
    }
  }
  return { place: (value) => from + (Math.log10(value) - low) * perDecade, ticks };
}

/** A linear scale from 0 to `largest` or a little more, with two to five round ticks above 0. */
export function linearScale(largest: number, from: number, to: number): Scale {
  const step = roundStep(largest / 4);
  const end = Math.ceil(largest / step * (1 - 1e-9)) * step;
  const count = Math.round(end / step);
  const ticks = Array.from({ length: count + 1 }, (_, index) => {
    const value = Number((index * step).toPrecision(12));
    return { value, label: String(value) };
  });
  return { place: (value) => from + (to - from) * value / end, ticks };
}

/** The smallest of 1, 2 and 5 times a power of ten that is not below a step. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const digit = [1, 2, 5, 10].find((digit) => digit * power >= step * (1 - 1e-9)) ?? 10;
  return digit * power;
}

/** Grid lines with their labels, and what the axes mean: `x` under the chart, `y` above its upper left corner. */
export function axes(
  { left, top, right, bottom }: Frame,
  x: Scale,
  y: Scale,
  labels: { readonly x: string; readonly y: string },
): string {
  const line = (x1: number, y1: number, x2: number, y2: number, name: string) =>
    element("line", { x1, y1, x2, y2, class: name, stroke: "currentColor" });
  return [
    ...x.ticks.flatMap(({ value, label }) => [
      line(x.place(value), top, x.place(value), bottom, "faint"),
      text(x.place(value), bottom + 15, label, { class: "soft", "text-anchor": "middle" }),
    ]),
    ...y.ticks.flatMap(({ value, label }) => [
      line(left, y.place(value), right, y.place(value), "faint"),
      text(left - 6, y.place(value) + 4, label, { class: "soft", "text-anchor": "end" }),
    ]),
    line(left, bottom, right, bottom, "soft"),
    line(left, top, left, bottom, "soft"),
    text((left + right) / 2, bottom + 32, labels.x, { class: "ink", "text-anchor": "middle" }),
    text(left - 28, top - 10, labels.y, { class: "ink" }),
  ].join("\n");
}
