/**
 * A contact sheet: small pictures in rows under headings, each with its name below it, and a legend of classes.
 *
 * @module
 */

import {
  blankPicture,
  type Color,
  drawPicture,
  drawText,
  type Picture,
  scalePicture,
  textHeight,
  textWidth,
} from "./picture.ts";
import { drawLegend, type LegendEntry, legendHeight } from "./strip.ts";

/** A picture with its name. */
export interface NamedPicture {
  readonly name: string;
  readonly picture: Picture;
}

/** Pictures that belong together. */
export interface SheetSection {
  /** Written above them. */
  readonly title: string;
  readonly pictures: readonly NamedPicture[];
  /** The classes in the colours of the pictures; empty where there are none. */
  readonly legend: readonly LegendEntry[];
}

const background: Color = [255, 255, 255];
const ink: Color = [32, 32, 32];
const gap = 8;
const line = textHeight(1) + 6;

/** Columns of a sheet. */
export const sheetColumns = 4;
/** The width that each picture gets. */
export const sheetPictureWidth = 240;

/** Draws sections below each other. Pictures get the same width and keep their shape. */
export function drawContactSheet(sections: readonly SheetSection[]): Picture {
  const width = gap + sheetColumns * (sheetPictureWidth + gap);
  const placed = sections.map((section) => ({ section, rows: rowsOf(section) }));
  const heights = placed.map(({ section, rows }) => sectionHeight(section, rows, width));
  const canvas = blankPicture(gap + heights.reduce((sum, height) => sum + height, 0), width, background);
  let top = gap;
  for (const [index, { section, rows }] of placed.entries()) {
    drawText(canvas, cut(section.title, width - 2 * gap, 2), { top, left: gap, scale: 2, color: ink });
    let place = top + textHeight(2) + gap;
    for (const row of rows) {
      for (const [column, { name, picture }] of row.entries()) {
        const left = gap + column * (sheetPictureWidth + gap);
        drawPicture(canvas, picture, place, left);
        const text = { top: place + picture.height + 3, left, scale: 1, color: ink };
        drawText(canvas, cut(name, sheetPictureWidth, 1), text);
      }
      place += rowHeight(row);
    }
    if (section.legend.length > 0) drawLegend(canvas, section.legend, { top: place, left: gap, width: width - gap });
    top += heights[index] ?? 0;
  }
  return canvas;
}

/** The pictures at the sheet's width, row by row. */
function rowsOf({ pictures }: SheetSection): NamedPicture[][] {
  const scaled = pictures.map(({ name, picture }) => ({ name, picture: atWidth(picture) }));
  const rows = Math.ceil(scaled.length / sheetColumns);
  return Array.from({ length: rows }, (_, row) => scaled.slice(row * sheetColumns, (row + 1) * sheetColumns));
}

function atWidth(picture: Picture): Picture {
  const height = Math.max(1, Math.round(picture.height * sheetPictureWidth / picture.width));
  // A picture that is much taller than wide is cut, so that it does not take the sheet for itself.
  const whole = scalePicture(picture, height, sheetPictureWidth);
  if (height <= 2 * sheetPictureWidth) return whole;
  const part = blankPicture(2 * sheetPictureWidth, sheetPictureWidth, background);
  drawPicture(part, whole, 0, 0);
  return part;
}

function rowHeight(row: readonly NamedPicture[]): number {
  return Math.max(...row.map(({ picture }) => picture.height)) + line + gap;
}

function sectionHeight({ legend }: SheetSection, rows: readonly NamedPicture[][], width: number): number {
  const pictures = rows.reduce((sum, row) => sum + rowHeight(row), 0);
  const classes = legend.length === 0 ? 0 : legendHeight(legend, width - gap) + gap;
  return textHeight(2) + gap + pictures + classes + gap;
}

/** The end of a text that fits: of a path, the end says more than the beginning. */
function cut(text: string, width: number, scale: number): string {
  const letters = Math.max(1, Math.floor(width / textWidth(" ", scale)));
  return text.length <= letters ? text : `..${text.slice(text.length - letters + 2)}`;
}
