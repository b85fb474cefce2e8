/**
 * Pixels turned and mirrored as an EXIF orientation says.
 *
 * @module
 */

import type { Size } from "../size.ts";
import type { Orientation } from "./exif.ts";

/** The size of an image of `stored` size after turning. */
export function orientedSize({ height, width }: Size, orientation: Orientation): Size {
  return orientation >= 5 ? { height: width, width: height } : { height, width };
}

/**
 * RGBA pixels as they look upright. Those of orientations 1 to 4 are changed in place; 5 to 8 take a second array.
 *
 * @param stored the size before turning.
 */
export function orientPixels(
  pixels: Uint8Array<ArrayBuffer>,
  stored: Size,
  orientation: Orientation,
): Uint8Array<ArrayBuffer> {
  if (orientation === 1) return pixels;
  const { height, width } = stored;
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, height * width);
  if (orientation >= 5) {
    const turned = transposed(words, stored, orientation);
    return new Uint8Array(turned.buffer);
  }
  if (orientation === 2 || orientation === 3) {
    for (let row = 0; row < height; row++) words.subarray(row * width, (row + 1) * width).reverse();
  }
  if (orientation >= 3) swapRows(words, stored);
  return pixels;
}

/** Mirrors an image at its middle row. */
function swapRows(words: Uint32Array, { height, width }: Size): void {
  const kept = new Uint32Array(width);
  for (let row = 0; row < height >> 1; row++) {
    const upper = row * width;
    const lower = (height - 1 - row) * width;
    kept.set(words.subarray(upper, upper + width));
    words.copyWithin(upper, lower, lower + width);
    words.set(kept, lower);
  }
}

/** Rows and columns exchanged, and mirrored as orientations 6, 7 and 8 want. */
function transposed(words: Uint32Array, stored: Size, orientation: Orientation): Uint32Array<ArrayBuffer> {
  const { height, width } = stored;
  const turned = new Uint32Array(height * width);
  // Row y of the result is column y of the stored image, or the last but y; likewise for its columns.
  const mirrorsRows = orientation === 7 || orientation === 8;
  const mirrorsColumns = orientation === 6 || orientation === 7;
  // In blocks, whose rows all fit into the processor's nearest cache.
  const side = 32;
  for (let top = 0; top < width; top += side) {
    const bottom = Math.min(width, top + side);
    for (let left = 0; left < height; left += side) {
      const right = Math.min(height, left + side);
      for (let y = top; y < bottom; y++) {
        const column = mirrorsRows ? width - 1 - y : y;
        for (let x = left; x < right; x++) {
          const row = mirrorsColumns ? height - 1 - x : x;
          turned[y * height + x] = words[row * width + column] ?? 0;
        }
      }
    }
  }
  return turned;
}
