/**
 * PNG files.
 *
 * @module
 */

import { decode as decodePngBytes, type DecodedPng } from "fast-png";
import { exifOrientation, type Orientation } from "./exif.ts";
import { FileBytes } from "./file_bytes.ts";
import type { DecodedImage, StoredHeader } from "./image.ts";

/** The header of a PNG file. Its EXIF data is heeded where it stands before the pixels, as the format wants it. */
export function pngHeader(bytes: Uint8Array, path: string): StoredHeader {
  const file = new FileBytes(bytes, path, "PNG");
  file.need(0, 33);
  const stored = { height: file.uint32(20), width: file.uint32(16) };
  return { kind: "PNG", stored, orientation: orientationOf(file) };
}

/**
 * Makes sure that a PNG file is whole.
 *
 * @throws {Error} where the file ends before its last chunk does.
 */
export function inspectPng(bytes: Uint8Array, path: string): void {
  const file = new FileBytes(bytes, path, "PNG");
  for (let position = 8;;) {
    const next = position + 12 + file.uint32(position);
    file.need(position, next - position);
    if (file.text(position + 4, 4) === "IEND") return;
    position = next;
  }
}

function orientationOf(file: FileBytes): Orientation {
  for (let position = 33;; position += 12 + file.uint32(position)) {
    const name = file.text(position + 4, 4);
    if (name === "IDAT" || name === "IEND") return 1;
    if (name === "eXIf") return exifOrientation(file.slice(position + 8, file.uint32(position)));
  }
}

const PNG_COLOURS: Record<number, string> = { 0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGBA" };

function pngForm(bytes: Uint8Array, path: string) {
  if (bytes.length < 33) throw new Error(`Cannot read ${path}: the PNG file is cut short (${bytes.length} bytes)`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth: view.getUint8(24),
    colour: PNG_COLOURS[view.getUint8(25)] ?? "unknown colour",
    interlaced: view.getUint8(28) !== 0,
  };
}

export function decodePng(bytes: Uint8Array, path: string): DecodedPng {
  const { width, height, depth, colour, interlaced } = pngForm(bytes, path);
  if (depth === 16) {
    throw new Error(`Cannot read ${path}: 16-bit ${colour}, expected 8-bit. Convert it to 8 bits per channel`);
  }
  if (interlaced && depth < 8) {
    throw new Error(`Cannot read ${path}: interlaced PNG of ${depth} bits. Save it with 8 bits or without interlacing`);
  }
  if (width * height === 0 || width * height > 2 ** 28) {
    throw new Error(`Cannot read ${path}: its header says ${height}×${width} pixels. The file is damaged`);
  }
  try {
    return decodePngBytes(bytes, { checkCrc: true });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read ${path}: the PNG file is cut short or damaged (${detail}). Copy it again`, {
      cause: error,
    });
  }
}

/** One byte per pixel of a PNG with one channel: values of 1, 2 and 4 bits are unpacked, not scaled. */
export function singleChannel(png: DecodedPng): Uint8Array<ArrayBuffer> {
  if (png.depth === 8) return Uint8Array.from(png.data);
  const values = new Uint8Array(png.height * png.width);
  const perByte = 8 / png.depth;
  const bytesPerRow = Math.ceil(png.width / perByte);
  const mask = 2 ** png.depth - 1;
  for (let row = 0; row < png.height; row++) {
    for (let column = 0; column < png.width; column++) {
      const packed = png.data[row * bytesPerRow + Math.floor(column / perByte)] ?? 0;
      values[row * png.width + column] = (packed >> (8 - png.depth * (column % perByte + 1))) & mask;
    }
  }
  return values;
}

export function pngPixels(png: DecodedPng, path: string): DecodedImage {
  const { height, width, channels } = png;
  const pixels = new Uint8Array(height * width * 4);
  const data = channels === 1 ? singleChannel(png) : png.data;
  const colours = channels > 1 ? null : png.palette ?? greyLevels(png.depth);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const start = pixel * channels;
    const value = data[start] ?? 0;
    const target = pixel * 4;
    if (colours !== null) {
      const colour = colours[value];
      if (colour === undefined) {
        throw new Error(
          `Cannot read ${path}: a pixel has index ${value}, but the palette has ${colours.length} colours`,
        );
      }
      for (let channel = 0; channel < 3; channel++) pixels[target + channel] = colour[channel] ?? 0;
    } else {
      const isGrey = channels === 2;
      pixels[target] = value;
      pixels[target + 1] = isGrey ? value : data[start + 1] ?? 0;
      pixels[target + 2] = isGrey ? value : data[start + 2] ?? 0;
    }
    pixels[target + 3] = 255;
  }
  return { height, width, pixels };
}

function greyLevels(depth: number): number[][] {
  const last = 2 ** depth - 1;
  return Array.from({ length: last + 1 }, (_, value) => new Array<number>(3).fill(Math.round(value * 255 / last)));
}
