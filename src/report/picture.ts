/**
 * Pictures as bytes: colours of labels, labels over an image, scaling, and drawing text. No file is touched here.
 *
 * @module
 */

import { GLYPH_HEIGHT, GLYPH_WIDTH, glyphRows } from "./font.ts";

/** Red, green and blue as bytes. */
export type Color = readonly [number, number, number];

/** An RGB picture. */
export interface Picture {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** Bytes `[height, width, 3]`. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** Labels of an image. */
export interface LabelMap {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** Class ids `[height, width]`; ids outside the palette, such as 255, are ignored pixels. */
  readonly labels: Uint8Array;
}

/** The colour of pixels without a label. */
export const ignoredColor: Color = [0, 0, 0];

/** A picture in one colour. */
export function blankPicture(height: number, width: number, color: Color): Picture {
  const pixels = new Uint8Array(height * width * 3);
  for (let offset = 0; offset < pixels.length; offset += 3) pixels.set(color, offset);
  return { height, width, pixels };
}

/**
 * A picture of `[height, width]` pixels. A pixel is three bytes, or four, of which the last is dropped.
 *
 * @throws {RangeError} where the number of bytes is neither.
 */
export function pictureOf(pixels: Uint8Array, height: number, width: number): Picture {
  const channels = pixels.length / (height * width);
  if (channels !== 3 && channels !== 4) {
    throw new RangeError(`Cannot use ${pixels.length} bytes as a picture of ${height}×${width} pixels`);
  }
  const rgb = channels === 3 ? pixels : pixels.filter((_, index) => index % 4 !== 3);
  return { height, width, pixels: Uint8Array.from(rgb) };
}

/** Labels in the colours of their classes; ignored pixels are black. */
export function colorLabels({ height, width, labels }: LabelMap, palette: readonly Color[]): Picture {
  const pixels = new Uint8Array(height * width * 3);
  labels.forEach((label, index) => pixels.set(palette[label] ?? ignoredColor, index * 3));
  return { height, width, pixels };
}

/**
 * Labels laid over an image. A labelled pixel mixes `1 − opacity` of the image and `opacity` (default 0.5) of its
 * class's colour. An ignored pixel stays as it is. Labels of another size are scaled to the image's by the nearest
 * pixel.
 */
export function overlayLabels(image: Picture, labels: LabelMap, palette: readonly Color[], opacity = 0.5): Picture {
  const { height, width } = image;
  const pixels = Uint8Array.from(image.pixels);
  for (let row = 0; row < height; row++) {
    const labelRow = nearest(row, height, labels.height) * labels.width;
    for (let column = 0; column < width; column++) {
      const color = palette[labels.labels[labelRow + nearest(column, width, labels.width)] ?? 255];
      if (color === undefined) continue;
      const offset = (row * width + column) * 3;
      color.forEach((value, channel) => {
        const place = offset + channel;
        pixels[place] = Math.round((pixels[place] ?? 0) * (1 - opacity) + value * opacity);
      });
    }
  }
  return { height, width, pixels };
}

/** A picture scaled to another size by the nearest pixel, so that colours of labels stay colours of labels. */
export function scalePicture(picture: Picture, height: number, width: number): Picture {
  const pixels = new Uint8Array(height * width * 3);
  for (let row = 0; row < height; row++) {
    const from = nearest(row, height, picture.height) * picture.width;
    for (let column = 0; column < width; column++) {
      const place = (from + nearest(column, width, picture.width)) * 3;
      pixels.set(picture.pixels.subarray(place, place + 3), (row * width + column) * 3);
    }
  }
  return { height, width, pixels };
}

/** The source pixel whose area holds the centre of a target pixel, in whole numbers. */
function nearest(index: number, targetSide: number, sourceSide: number): number {
  return Math.min(sourceSide - 1, Math.floor((2 * index + 1) * sourceSide / (2 * targetSide)));
}

/** Copies a picture onto another; what lies outside is cut off. */
export function drawPicture(canvas: Picture, picture: Picture, top: number, left: number): void {
  for (let row = 0; row < picture.height; row++) {
    const y = top + row;
    if (y < 0 || y >= canvas.height) continue;
    const first = Math.max(0, -left);
    const last = Math.min(picture.width, canvas.width - left);
    if (last <= first) continue;
    const line = picture.pixels.subarray((row * picture.width + first) * 3, (row * picture.width + last) * 3);
    canvas.pixels.set(line, (y * canvas.width + left + first) * 3);
  }
}

/** Columns that a text takes at a scale. */
export function textWidth(text: string, scale: number): number {
  return text.length * (GLYPH_WIDTH + 1) * scale;
}

/**
 * Writes a line of text whose first row is at `top`. What lies outside the picture is cut off. Every pixel of the font
 * is `scale`² pixels.
 */
export function drawText(
  canvas: Picture,
  text: string,
  place: { readonly top: number; readonly left: number; readonly scale: number; readonly color: Color },
): void {
  const { top, left, scale, color } = place;
  const dot = blankPicture(scale, scale, color);
  for (const [index, character] of [...text].entries()) {
    const x = left + index * (GLYPH_WIDTH + 1) * scale;
    for (const [row, bits] of glyphRows(character).entries()) {
      for (let column = 0; column < GLYPH_WIDTH; column++) {
        if (bits >> (GLYPH_WIDTH - 1 - column) & 1) drawPicture(canvas, dot, top + row * scale, x + column * scale);
      }
    }
  }
}

/** Rows of a line of text at a scale, without a gap. */
export function textHeight(scale: number): number {
  return GLYPH_HEIGHT * scale;
}
