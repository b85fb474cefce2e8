/**
 * The strip that a run draws of an image. Panels stand side by side under their titles: image, ground truth,
 * source-only prediction, pseudo-labels, adapted prediction. Below them is a legend of the classes.
 *
 * @module
 */

import {
  blankPicture,
  type Color,
  drawPicture,
  drawText,
  ignoredColor,
  type Picture,
  scalePicture,
  textHeight,
  textWidth,
} from "./picture.ts";

/** A panel of a strip. */
export interface Panel {
  /** Written above it. */
  readonly title: string;
  readonly picture: Picture;
}

/** A class in the legend. */
export interface LegendEntry {
  readonly name: string;
  readonly color: Color;
}

const background: Color = [255, 255, 255];
const ink: Color = [32, 32, 32];
/** Small pictures are enlarged to at least this many columns, so that titles fit and people see something. */
const leastPanelWidth = 192;

/**
 * Draws the panels in a row. All have the size of the first panel. Small pictures are enlarged by a whole factor.
 *
 * @param legend the classes; one more entry, "ignored", is added in black.
 * @throws {RangeError} where there is no panel.
 */
export function drawStrip(panels: readonly Panel[], legend: readonly LegendEntry[]): Picture {
  const [first] = panels;
  if (first === undefined) throw new RangeError("Cannot draw a strip without panels");
  const factor = Math.max(1, Math.ceil(leastPanelWidth / first.picture.width));
  const height = first.picture.height * factor;
  const width = first.picture.width * factor;
  const scale = width >= 300 ? 2 : 1;
  const gap = 4 * scale;
  const line = textHeight(scale) + gap;
  const totalWidth = panels.length * (width + gap) + gap;
  const rows = legendRows([...legend, { name: "ignored", color: ignoredColor }], totalWidth - gap, scale, gap);
  const canvas = blankPicture(gap + line + height + gap + rows.length * line + gap, totalWidth, background);
  for (const [index, { title, picture }] of panels.entries()) {
    const left = gap + index * (width + gap);
    const letters = Math.floor(width / textWidth(" ", scale));
    drawText(canvas, title.slice(0, letters), { top: gap, left, scale, color: ink });
    drawPicture(canvas, scalePicture(picture, height, width), gap + line, left);
  }
  for (const [index, row] of rows.entries()) {
    drawLegendRow(canvas, row, gap + line + height + gap + index * line, scale, gap);
  }
  return canvas;
}

/** Rows of pixels that {@link drawLegend} takes. */
export function legendHeight(legend: readonly LegendEntry[], width: number): number {
  return legendRows(legend, width, 1, 4).length * (textHeight(1) + 4);
}

/** Draws a legend of the classes, in lines that are no wider than `width`. */
export function drawLegend(
  canvas: Picture,
  legend: readonly LegendEntry[],
  { top, left, width }: { readonly top: number; readonly left: number; readonly width: number },
): void {
  for (const [index, row] of legendRows(legend, width, 1, 4).entries()) {
    drawLegendRow(canvas, row, top + index * (textHeight(1) + 4), 1, 4, left);
  }
}

function entryWidth({ name }: LegendEntry, scale: number, gap: number): number {
  return swatchSide(scale) + gap + textWidth(name, scale) + 3 * gap;
}

function swatchSide(scale: number): number {
  return textHeight(scale);
}

/** The legend broken into lines that fit. */
function legendRows(legend: readonly LegendEntry[], width: number, scale: number, gap: number): LegendEntry[][] {
  const rows: LegendEntry[][] = [[]];
  let used = 0;
  for (const entry of legend) {
    const needed = entryWidth(entry, scale, gap);
    if (used > 0 && used + needed > width) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)?.push(entry);
    used += needed;
  }
  return rows;
}

function drawLegendRow(
  canvas: Picture,
  row: readonly LegendEntry[],
  top: number,
  scale: number,
  gap: number,
  first = gap,
): void {
  let left = first;
  for (const entry of row) {
    const side = swatchSide(scale);
    drawPicture(canvas, blankPicture(side, side, ink), top, left);
    drawPicture(canvas, blankPicture(side - 2, side - 2, entry.color), top + 1, left + 1);
    drawText(canvas, entry.name, { top: top + Math.floor(scale / 2), left: left + side + gap, scale, color: ink });
    left += entryWidth(entry, scale, gap);
  }
}
