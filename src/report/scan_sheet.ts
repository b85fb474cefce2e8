/**
 * The sheet that a run draws of a LiDAR scan. Range images stand below each other, as they are wide: the ranges, the ground
 * truth, and the labels of each step of the run. Below them stand the same labels seen from above, and a legend.
 *
 * @module
 */

import type { PixelImage } from "../data/sample.ts";
import type { Size } from "../data/size.ts";
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
import { classPicture, type PixelWinners, type PointCloud, rangePicture, viewFromAbove } from "./scan_picture.ts";
import { drawLegend, type LegendEntry, legendHeight } from "./strip.ts";

/** A scan and how its points are seen. */
export interface SheetScan extends PointCloud, PixelWinners {
  /** The distance of each point in metres. */
  readonly ranges: ArrayLike<number>;
  /** How many times as high as wide a pixel is: degrees of a row over degrees of a column. */
  readonly aspect: number;
}

/**
 * A scan as a sheet shows it.
 *
 * @param size of its range image.
 * @param found `winners`: as `PixelWinners` has them; `places`: of each point its pixel, and the bits of its range.
 */
export function sheetScan(
  { height: points, pixels, sensor }: PixelImage,
  { height, width }: Size,
  found: { readonly winners: Uint32Array; readonly places: Uint32Array<ArrayBuffer> },
): SheetScan {
  const bits = new Float32Array(found.places.buffer, found.places.byteOffset, found.places.length);
  const ranges = Float32Array.from({ length: points }, (_, point) => bits[2 * point + 1] ?? 0);
  const degrees = sensor === undefined ? height : sensor.up - sensor.down;
  return {
    ...{ rows: pixels, columns: pixels.length / points, ranges, height, width },
    winners: found.winners.subarray(0, height * width),
    aspect: degrees / height / (360 / width),
  };
}

/** Labels of the points of the scan. */
export interface SheetLabels {
  /** Written above their pictures. */
  readonly title: string;
  /** The class of each point; 255 without one. */
  readonly labels: ArrayLike<number>;
  /** Whether they are shown from above too. Default `true`. */
  readonly isAlsoAbove?: boolean;
}

const [background, ink]: readonly [Color, Color] = [[255, 255, 255], [32, 32, 32]];
const gap = 6;
/** Range images are enlarged to about this many columns. */
const leastWidth = 1024;
/** The most columns of a view from above. */
const mostAbove = 512;

/** Draws the sheet of a scan: the range image, one for each kind of labels, and most of these from above. */
export function drawScanSheet(scan: SheetScan, kinds: readonly SheetLabels[], legend: readonly LegendEntry[]): Picture {
  const palette = legend.map(({ color }) => color);
  const across = Math.max(1, Math.round(leastWidth / scan.width));
  const down = Math.max(1, Math.round(across * scan.aspect));
  const [height, width] = [scan.height * down, scan.width * across];
  const line = textHeight(2) + gap;
  const wide = [
    { title: "range", picture: rangePicture(scan, scan.ranges) },
    ...kinds.map(({ title, labels }) => ({ title, picture: classPicture(scan, labels, palette) })),
  ];
  const fromAbove = kinds.filter(({ isAlsoAbove = true }) => isAlsoAbove);
  const side = Math.min(mostAbove, Math.floor((width + gap) / Math.max(1, fromAbove.length)) - gap);
  const entries = [...legend, { name: "ignored", color: ignoredColor }];
  const aboveTop = gap + wide.length * (line + height + gap);
  const legendTop = aboveTop + (fromAbove.length === 0 ? 0 : line + side + gap);
  const canvas = blankPicture(legendTop + legendHeight(entries, width) + gap, width + 2 * gap, background);
  for (const [index, { title, picture }] of wide.entries()) {
    const top = gap + index * (line + height + gap);
    drawText(canvas, title, { top, left: gap, scale: 2, color: ink });
    drawPicture(canvas, scalePicture(picture, height, width), top + line, gap);
  }
  for (const [index, { title, labels }] of fromAbove.entries()) {
    const left = gap + index * (side + gap);
    const letters = Math.floor(side / textWidth(" ", 2));
    drawText(canvas, `${title}, from above`.slice(0, letters), { top: aboveTop, left, scale: 2, color: ink });
    drawPicture(canvas, viewFromAbove(scan, labels, palette, { side }), aboveTop + line, left);
  }
  drawLegend(canvas, entries, { top: legendTop, left: gap, width });
  return canvas;
}
