/**
 * Runs as the page names and colours them, and numbers as it writes them.
 *
 * @module
 */

import { type Content, type Markup, markup } from "../markup.ts";
import type { ReportClass, ReportData, ReportScores } from "./data.ts";

/** A run with its name on the page and the colour of its curves. */
export interface ShownRun {
  readonly data: ReportData;
  /** Unlike the title, no two runs of a page share it. */
  readonly name: string;
  /** A colour as CSS has it. */
  readonly color: string;
}

const seriesCount = 8;

/** The runs of a page, in order. Runs of one title are told apart by a number. */
export function shownRuns(runs: readonly ReportData[]): ShownRun[] {
  return runs.map((data, index) => {
    const alike = runs.filter(({ title }) => title === data.title);
    const name = alike.length > 1 ? `${data.title} (${alike.indexOf(data) + 1})` : data.title;
    return { data, name, color: seriesColor(index) };
  });
}

/** The colour of the n-th series, counted from 0. */
export function seriesColor(index: number): string {
  return `var(--series${index % seriesCount + 1})`;
}

/** The scores of a run by their name, if it has them. */
export function scoresOf({ data }: ShownRun, name: ReportScores["name"]): ReportScores | undefined {
  return data.scores.find((scores) => scores.name === name);
}

/** All classes of some runs by name, in the order in which they first come. */
export function allClasses(
  runs: readonly ShownRun[],
  of: (data: ReportData) => readonly ReportClass[],
): ReportClass[] {
  const byName = new Map<string, ReportClass>();
  for (const { data } of runs) {
    for (const one of of(data)) if (!byName.has(one.name)) byName.set(one.name, one);
  }
  return [...byName.values()];
}

/** A name from data. It keeps its own direction of writing. */
export function named(name: string): Markup {
  return markup`<bdi>${name}</bdi>`;
}

/** A class's colour and name. */
export function classLabel({ name, color }: ReportClass): Markup {
  return markup`${swatch(color)} ${named(name)}`;
}

/** A class's colour. */
export function swatch([red, green, blue]: ReportClass["color"]): Markup {
  return markup`<span class="swatch" style="--color:rgb(${red},${green},${blue})"></span>`;
}

/** What stands where a value is not known. */
export const missing = "–";

/** Percent with one decimal, or a dash. */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? missing : (share * 100).toFixed(1);
}

/** A difference of shares in points, with its sign, or a dash. */
export function points(difference: number | null | undefined): string {
  if (difference === null || difference === undefined) return missing;
  const text = Math.abs(difference * 100).toFixed(1);
  return Number(text) === 0 ? "±0.0" : (difference < 0 ? "−" : "+") + text;
}

/** `after - before`, or `null` where one of them is not known. */
export function change(before: number | null | undefined, after: number | null | undefined): number | null {
  return typeof before === "number" && typeof after === "number" ? after - before : null;
}

/** A number that may be of any size, with three digits that count. */
export function precise(value: number | null | undefined): string {
  if (value === null || value === undefined) return missing;
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e6 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}

/** A count, in groups of three digits. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? missing : value.toLocaleString("en");
}

/**
 * A cell of a table with a number.
 *
 * @param value the number itself; it stays in the cell's `data-value` with all its digits.
 * @param shown how it is written.
 */
export function numberCell(value: number | null | undefined, shown: string, inner?: Content): Markup {
  const whole = value === null || value === undefined ? undefined : markup` data-value="${value}"`;
  return markup`<td class="number"${whole}>${inner ?? shown}</td>`;
}

/** A table that may be wider than the page. It is scrolled by keyboard, too. */
export function table(name: string, head: Content, rows: Content, caption?: Content): Markup {
  return markup`<div class="scroll" role="group" tabindex="0" aria-label="${name}"><table>${
    caption === undefined ? undefined : markup`<caption>${caption}</caption>`
  }<thead>${head}</thead><tbody>${rows}</tbody></table></div>`;
}

/** A table behind a line that opens it. */
export function foldedTable(name: string, head: Content, rows: Content): Markup {
  return markup`<details><summary>${name}: the numbers</summary>${table(name, head, rows)}</details>`;
}

/** A header cell of a column. */
export function columnHead(content: Content, columns = 1): Markup {
  return markup`<th scope="${columns > 1 ? "colgroup" : "col"}"${
    columns > 1 ? markup` colspan="${columns}"` : undefined
  }>${content}</th>`;
}

/** A header cell of a row. */
export function rowHead(content: Content): Markup {
  return markup`<th scope="row">${content}</th>`;
}

/** Which colour stands for which run. Nothing where there is one run. */
export function runLegend(runs: readonly ShownRun[]): Markup | undefined {
  if (runs.length < 2) return undefined;
  return markup`<ul class="legend">${
    runs.map(({ name, color }) => markup`<li><span class="swatch" style="--color:${color}"></span> ${named(name)}</li>`)
  }</ul>`;
}
