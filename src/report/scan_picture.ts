/**
 * Pictures of LiDAR scans: the range image, its classes, and the points seen from above. No file is touched here.
 *
 * @module
 */

import { blankPicture, type Color, colorLabels, ignoredColor, type LabelMap, type Picture } from "./picture.ts";

/** The points of a scan. */
export interface PointCloud {
  /** The rows of the scan's file, x, y, z first, in metres: x forward, y to the left, z up. */
  readonly rows: ArrayLike<number>;
  /** Numbers of a row: 4 or 5. */
  readonly columns: number;
}

/** Which point of a scan each pixel of its range image shows. */
export interface PixelWinners {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** `[height, width]`: the index of the point in the file. A number that is none, such as 0xffffffff or −1, is an empty pixel. */
  readonly winners: ArrayLike<number>;
}

/** The label of the point that each pixel shows; 255 where a pixel is empty. */
export function pixelLabels({ height, width, winners }: PixelWinners, labels: ArrayLike<number>): LabelMap {
  return { height, width, labels: Uint8Array.from(winners, (point) => labels[point] ?? 255) };
}

/** Colours from the nearest (the first) to the farthest, and the ranges in metres between which they run. */
const rangeColors: readonly Color[] = [
  [252, 253, 191],
  [254, 176, 120],
  [241, 96, 93],
  [183, 55, 121],
  [114, 31, 129],
  [56, 20, 100],
  [20, 14, 54],
];
const [nearest, farthest] = [2, 80];

/** The color of a range in metres, on a logarithmic scale, as most points are near. */
function colorOf(range: number): Color {
  const share = Math.log(Math.max(nearest, Math.min(farthest, range)) / nearest) / Math.log(farthest / nearest);
  const place = share * (rangeColors.length - 1);
  const index = Math.min(rangeColors.length - 2, Math.floor(place));
  const [from = ignoredColor, to = ignoredColor] = rangeColors.slice(index, index + 2);
  const mix = (channel: 0 | 1 | 2) => Math.round(from[channel] + (to[channel] - from[channel]) * (place - index));
  return [mix(0), mix(1), mix(2)];
}

/**
 * A range image: near points bright, far ones dark, empty pixels black.
 *
 * @param ranges the distance of each point of the file in metres.
 */
export function rangePicture({ height, width, winners }: PixelWinners, ranges: ArrayLike<number>): Picture {
  const pixels = new Uint8Array(height * width * 3);
  for (let place = 0; place < height * width; place++) {
    const range = ranges[winners[place] ?? -1];
    if (range !== undefined) pixels.set(colorOf(range), place * 3);
  }
  return { height, width, pixels };
}

/** The labels of a scan's points as a range image in the colours of their classes. */
export function classPicture(winners: PixelWinners, labels: ArrayLike<number>, palette: readonly Color[]): Picture {
  return colorLabels(pixelLabels(winners, labels), palette);
}

/** How a view from above is drawn. */
export interface AboveOptions {
  /** Rows and columns of the picture. */
  readonly side: number;
  /** Metres from the sensor, in the middle, to an edge. Default 50. */
  readonly reach?: number;
}

/** What points without a label look like from above: still seen, but no class. */
const unlabelledColor: Color = [70, 70, 70];

/**
 * The points of a scan from above, in the colours of their classes. The sensor is in the middle and looks up. Of several
 * points at one place the highest is seen.
 *
 * @param labels class of each point; ids outside the palette, such as 255, are grey.
 */
export function viewFromAbove(
  { rows, columns }: PointCloud,
  labels: ArrayLike<number>,
  palette: readonly Color[],
  { side, reach = 50 }: AboveOptions,
): Picture {
  const picture = blankPicture(side, side, ignoredColor);
  const heights = new Float32Array(side * side).fill(-Infinity);
  // Far points lie far apart. Larger dots join them to surfaces.
  const dot = side >= 300 ? 2 : 1;
  const place = (metres: number) => Math.floor((reach - metres) / (2 * reach) * side);
  for (let point = 0; point * columns < rows.length; point++) {
    const [x = NaN, y = NaN, z = NaN] = [rows[point * columns], rows[point * columns + 1], rows[point * columns + 2]];
    const color = palette[labels[point] ?? 255] ?? unlabelledColor;
    const [top, left] = [place(x), place(y)];
    for (let row = Math.max(0, top); row < Math.min(side, top + dot); row++) {
      for (let column = Math.max(0, left); column < Math.min(side, left + dot); column++) {
        const pixel = row * side + column;
        if (!(z > (heights[pixel] ?? Infinity))) continue;
        heights[pixel] = z;
        picture.pixels.set(color, pixel * 3);
      }
    }
  }
  return picture;
}
