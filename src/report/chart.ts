/**
 * Charts as SVG text, by Observable Plot on a document of its own, so that they need neither a browser nor any right.
 *
 * @module
 */

import * as Plot from "@observablehq/plot";
import { DOMParser } from "linkedom";

/** What is used of the elements that Plot makes. */
interface SvgElement {
  readonly outerHTML: string;
  readonly firstChild: unknown;
  textContent: string | null;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  insertBefore(child: unknown, before: unknown): unknown;
  remove(): void;
  querySelectorAll(selector: string): Iterable<SvgElement>;
}

/** Where a chart stands in a drawing around it, in pixels. */
export interface ChartPlace {
  readonly x: number;
  readonly y: number;
}

let document: ReturnType<DOMParser["parseFromString"]> | undefined;

/**
 * A chart as SVG text, the same for the same data.
 *
 * @param title what the chart shows, for those who do not see it.
 * @param plot the marks and scales. The chart's class is `plot` unless given; what surrounds it styles that.
 * @param place where it stands if it is part of a larger drawing.
 */
export function chart(title: string, plot: Plot.PlotOptions, place?: ChartPlace): string {
  document ??= new DOMParser().parseFromString("<!doctype html><html><body></body></html>", "text/html");
  const svg: SvgElement = Plot.plot({ className: "plot", ...plot, document, figure: false });
  tidy(svg);
  const name: SvgElement = document.createElementNS("http://www.w3.org/2000/svg", "title", undefined);
  name.textContent = title;
  svg.insertBefore(name, svg.firstChild);
  svg.setAttribute("role", "img");
  if (place !== undefined) {
    svg.setAttribute("x", String(place.x));
    svg.setAttribute("y", String(place.y));
  }
  return svg.outerHTML;
}

/** Attributes that hold places. Plot writes them with sixteen digits. */
const places = ["d", "transform", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "dx", "width", "height"];

/**
 * Shortens what Plot writes, and leaves out the names of its parts, since a picture has one name, its title. The style
 * that Plot adds to each picture stands once in the page's.
 */
function tidy(svg: SvgElement): void {
  for (const part of svg.querySelectorAll("*")) {
    part.removeAttribute("aria-label");
    part.removeAttribute("aria-hidden");
    for (const name of places) {
      const value = part.getAttribute(name);
      if (value !== null) part.setAttribute(name, value.replace(/\d+\.\d{2,}/g, (digits) => String(round(digits))));
    }
  }
  for (const style of svg.querySelectorAll("style")) style.remove();
}

function round(digits: string): number {
  return Math.round(Number(digits) * 100) / 100;
}
