/**
 * Label maps and pictures to PNG files' bytes. Files are written elsewhere.
 *
 * @module
 */

import { encode } from "fast-png";

/** A colour as red, green and blue bytes. */
export type Colour = readonly [number, number, number];

/** A colour as one number: `red × 65536 + green × 256 + blue`. */
export function colourNumber([red, green, blue]: Colour): number {
  return red << 16 | green << 8 | blue;
}

/** A colour, given as one number, in words: `#804080 (128, 64, 128)`. */
export function colourText(colour: number): string {
  return `#${colour.toString(16).padStart(6, "0")} (${colour >> 16}, ${(colour >> 8) & 255}, ${colour & 255})`;
}

/**
 * The bytes of a label PNG of 8 bits and a single channel. The stored values are the ids `[height, width]`.
 *
 * With a `palette` (a colour per id) the file is a palette PNG. Ids without a colour are black, 255 for ignored pixels
 * among them. The ids read back are the same.
 *
 * @throws {RangeError} where the number of labels is not `height × width`.
 */
export function encodeLabelPng(
  labels: Uint8Array,
  height: number,
  width: number,
  palette?: readonly Colour[],
): Uint8Array<ArrayBuffer> {
  requireLength("labels", labels.length, [height, width]);
  const image = { height, width, channels: 1, depth: 8 as const, data: labels };
  if (palette === undefined) return Uint8Array.from(encode(image));
  const colours = Array.from(
    { length: 256 },
    (_, id) => [...(palette[id] ?? [0, 0, 0])],
  );
  return Uint8Array.from(encode({ ...image, palette: colours }));
}

/**
 * The bytes of an RGB PNG of 8 bits from `[height, width]` pixels. A pixel is three bytes, or four, of which the last
 * is dropped.
 *
 * @throws {RangeError} where the number of bytes is neither.
 */
export function encodeRgbPng(pixels: Uint8Array, height: number, width: number): Uint8Array<ArrayBuffer> {
  const hasAlpha = pixels.length === height * width * 4;
  const data = hasAlpha ? pixels.filter((_, index) => index % 4 !== 3) : pixels;
  requireLength("pixel bytes", data.length, [height, width, 3]);
  return Uint8Array.from(encode({ height, width, channels: 3, depth: 8, data }));
}

function requireLength(what: string, found: number, shape: number[]): void {
  const wanted = shape.reduce((product, side) => product * side, 1);
  if (found !== wanted) {
    throw new RangeError(`Cannot encode a PNG: ${found} ${what}, expected [${shape.join(", ")}] = ${wanted}`);
  }
}
