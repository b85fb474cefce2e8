/**
 * Resizing on the CPU to the working size, once per file. Images are resized bilinearly with half-pixel centres and
 * without antialiasing, labels by the nearest pixel. The random scaling of training happens on the GPU.
 *
 * @module
 */

import type { Size } from "./size.ts";

/**
 * Resizes `[height, width]` pixels of four bytes (RGBA) to `[targetHeight, targetWidth]`.
 *
 * Target row `i` lies at the source position `(i + ½) · height / targetHeight − ½`, clamped below at 0. The upper
 * neighbour is clamped to the last row. Columns are alike. A value `v` becomes the byte `⌊v + ½⌋`. This is exact: the
 * weights are whole numbers over a common denominator, so a value halfway between two bytes goes up on every machine.
 * Alpha becomes 255.
 */
export function resizeImage(
  pixels: Uint8Array,
  height: number,
  width: number,
  targetHeight: number,
  targetWidth: number,
): Uint8Array<ArrayBuffer> {
  if (height === targetHeight && width === targetWidth) return Uint8Array.from(pixels);
  const rows = bilinearTable(height, targetHeight);
  const columns = bilinearTable(width, targetWidth);
  const result = new Uint8Array(targetHeight * targetWidth * 4);
  // The sums below are whole numbers below 255 · 4 · targetHeight · targetWidth. Numbers are exact up to 2⁵³, far more.
  const denominator = rows.denominator * columns.denominator;
  // The two source rows that a target row mixes, already stretched to the target width. The next row mostly uses them
  // again.
  const rowCache = new Map<number, Float64Array>();
  for (let row = 0; row < targetHeight; row++) {
    const lowerRow = rows.lower[row] ?? 0;
    const upperRow = rows.upper[row] ?? 0;
    for (const kept of rowCache.keys()) if (kept < lowerRow) rowCache.delete(kept);
    const below = stretchedRow(rowCache, pixels, width, lowerRow, columns);
    const above = stretchedRow(rowCache, pixels, width, upperRow, columns);
    const weight = rows.weight[row] ?? 0;
    const otherWeight = rows.denominator - weight;
    const start = row * targetWidth * 4;
    for (let column = 0; column < targetWidth; column++) {
      const from = column * 3;
      const to = start + column * 4;
      for (let channel = 0; channel < 3; channel++) {
        const sum = (below[from + channel] ?? 0) * otherWeight + (above[from + channel] ?? 0) * weight;
        result[to + channel] = Math.floor((sum + denominator / 2) / denominator);
      }
      result[to + 3] = 255;
    }
  }
  return result;
}

/**
 * Resizes float32 maps `[C, size.height, size.width]` to `[C, target.height, target.width]`, bilinear with half-pixel
 * centres and without antialiasing. It computes in float64.
 */
export function resizeFloats(values: Float32Array, size: Size, target: Size): Float32Array<ArrayBuffer> {
  const rows = bilinearTable(size.height, target.height);
  const columns = bilinearTable(size.width, target.width);
  const plane = size.height * size.width;
  const targetPlane = target.height * target.width;
  return Float32Array.from({ length: values.length / plane * targetPlane }, (_, index) => {
    const start = Math.floor(index / targetPlane) * plane;
    const row = Math.floor(index % targetPlane / target.width);
    const column = index % target.width;
    const share = (columns.weight[column] ?? 0) / columns.denominator;
    const along = (sourceRow: number) => {
      const first = start + sourceRow * size.width;
      const left = values[first + (columns.lower[column] ?? 0)] ?? 0;
      return left + share * ((values[first + (columns.upper[column] ?? 0)] ?? 0) - left);
    };
    const above = along(rows.lower[row] ?? 0);
    return above + (rows.weight[row] ?? 0) / rows.denominator * (along(rows.upper[row] ?? 0) - above);
  });
}

/**
 * Resizes ids `[height, width]` to `[targetHeight, targetWidth]`: takes the id at `⌊(2i + 1) · height / (2 ·
 * targetHeight)⌋`.
 */
export function resizeLabels(
  labels: Uint8Array,
  height: number,
  width: number,
  targetHeight: number,
  targetWidth: number,
): Uint8Array<ArrayBuffer> {
  if (height === targetHeight && width === targetWidth) return Uint8Array.from(labels);
  const rows = nearestTable(height, targetHeight);
  const columns = nearestTable(width, targetWidth);
  const result = new Uint8Array(targetHeight * targetWidth);
  for (let row = 0; row < targetHeight; row++) {
    const source = (rows[row] ?? 0) * width;
    const target = row * targetWidth;
    for (let column = 0; column < targetWidth; column++) {
      result[target + column] = labels[source + (columns[column] ?? 0)] ?? 0;
    }
  }
  return result;
}

/** The source index of each of `targetLength` places in a nearest-pixel resize of `length` places. */
export function nearestTable(length: number, targetLength: number): Uint32Array {
  return Uint32Array.from({ length: targetLength }, (_, index) => {
    return Math.floor((2 * index + 1) * length / (2 * targetLength));
  });
}

interface BilinearTable {
  lower: Uint32Array;
  upper: Uint32Array;
  /** The share of the upper neighbour, in parts of `denominator`. */
  weight: Uint32Array;
  denominator: number;
}

function bilinearTable(length: number, targetLength: number): BilinearTable {
  const table = {
    lower: new Uint32Array(targetLength),
    upper: new Uint32Array(targetLength),
    weight: new Uint32Array(targetLength),
    denominator: 2 * targetLength,
  };
  for (let index = 0; index < targetLength; index++) {
    // The position (index + ½) · length / targetLength − ½, times the denominator.
    const position = Math.max(0, (2 * index + 1) * length - targetLength);
    const lower = Math.min(Math.floor(position / table.denominator), length - 1);
    table.lower[index] = lower;
    table.upper[index] = Math.min(lower + 1, length - 1);
    table.weight[index] = position % table.denominator;
  }
  return table;
}

/**
 * Row `row` of the source, stretched bilinearly along its columns: three sums per pixel. It comes from the cache where
 * it is there.
 */
function stretchedRow(
  cache: Map<number, Float64Array>,
  pixels: Uint8Array,
  width: number,
  row: number,
  columns: BilinearTable,
): Float64Array {
  const known = cache.get(row);
  if (known !== undefined) return known;
  const count = columns.lower.length;
  const values = new Float64Array(count * 3);
  for (let column = 0; column < count; column++) {
    const lower = (row * width + (columns.lower[column] ?? 0)) * 4;
    const upper = (row * width + (columns.upper[column] ?? 0)) * 4;
    const weight = columns.weight[column] ?? 0;
    const otherWeight = columns.denominator - weight;
    for (let channel = 0; channel < 3; channel++) {
      values[column * 3 + channel] = (pixels[lower + channel] ?? 0) * otherWeight +
        (pixels[upper + channel] ?? 0) * weight;
    }
  }
  cache.set(row, values);
  return values;
}
