/**
 * BMP files: 1, 4, 8, 16, 24 and 32 bits, plain and run-length encoded.
 *
 * Source: Microsoft, "Bitmap Storage" and "BITMAPV5HEADER" (Windows GDI).
 *
 * @module
 */

import { FileBytes } from "./file_bytes.ts";
import type { DecodedImage, StoredHeader } from "./image.ts";

/** How the pixels of a BMP file are coded. */
const coding = { plain: 0, runs8: 1, runs4: 2, masks: 3, jpeg: 4, png: 5, alphaMasks: 6 } as const;

/** Red, green and blue of a byte each, blue first in the file. */
const plainMasks = [0xff0000, 0xff00, 0xff];

interface Form {
  readonly height: number;
  readonly width: number;
  /** Whether the first row of the file is the upper one. */
  readonly topDown: boolean;
  readonly depth: number;
  readonly compression: number;
  /** Where the pixels begin. */
  readonly start: number;
  /** Blue, green and red of each index, and a byte of no use where `entryBytes` is 4. */
  readonly palette: Uint8Array;
  readonly entryBytes: number;
  /** Where the bits of red, green and blue lie in a pixel of 16 or 32 bits. */
  readonly masks: readonly number[];
}

/** The header of a BMP file. */
export function bmpHeader(bytes: Uint8Array, path: string): StoredHeader {
  const { height, width } = sizeOf(new FileBytes(bytes, path, "BMP", true));
  return { kind: "BMP", stored: { height, width }, orientation: 1 };
}

/** How long a BMP file is at least, as its header says. The last row may end without its padding. */
export function bmpLength(bytes: Uint8Array, path: string): number {
  return lengthOf(formOf(new FileBytes(bytes, path, "BMP", true)));
}

/** Decodes a BMP file to RGBA bytes. Alpha is dropped. */
export function decodeBmp(bytes: Uint8Array, path: string): DecodedImage {
  const file = new FileBytes(bytes, path, "BMP", true);
  const form = formOf(file);
  const { height, width, start } = form;
  const isCoded = hasRuns(form);
  const rowBytes = rowBytesOf(form);
  file.need(0, lengthOf(form));
  const pixels = new Uint8Array(height * width * 4);
  const indices = new Uint8Array(isCoded ? height * width : 0);
  if (isCoded) readRuns(file, form, indices);
  const row = rowReader(form);
  for (let y = 0; y < height; y++) {
    const target = (form.topDown ? y : height - 1 - y) * width * 4;
    if (isCoded) row(indices, y * width, pixels, target);
    else row(bytes, start + y * rowBytes, pixels, target);
  }
  return { height, width, pixels };
}

/** Whether the pixels are coded as runs, whose length is known only when they are read. */
function hasRuns({ compression }: Form): boolean {
  return compression === coding.runs8 || compression === coding.runs4;
}

function rowBytesOf({ width, depth }: Form): number {
  return Math.ceil(width * depth / 32) * 4;
}

function lengthOf(form: Form): number {
  const { height, width, depth, start } = form;
  return hasRuns(form) ? start : start + rowBytesOf(form) * (height - 1) + Math.ceil(width * depth / 8);
}

function sizeOf(file: FileBytes): { height: number; width: number; topDown: boolean; headerBytes: number } {
  const headerBytes = file.uint32(14);
  if (headerBytes === 12) {
    return { height: file.uint16(20), width: file.uint16(18), topDown: false, headerBytes };
  }
  if (headerBytes < 40 || headerBytes > 124) throw file.damaged(`its header is said to have ${headerBytes} bytes`);
  const height = file.int32(22);
  return { height: Math.abs(height), width: Math.max(0, file.int32(18)), topDown: height < 0, headerBytes };
}

function formOf(file: FileBytes): Form {
  const { headerBytes, ...size } = sizeOf(file);
  const isOld = headerBytes === 12;
  const depth = file.uint16(isOld ? 24 : 28);
  const compression = isOld ? coding.plain : file.uint32(30);
  requireRead(file, depth, compression);
  const hasMasks = compression === coding.masks || compression === coding.alphaMasks;
  const standardMasks = depth === 16 ? [0x7c00, 0x3e0, 0x1f] : plainMasks;
  const masks = hasMasks ? [54, 58, 62].map((position) => file.uint32(position)) : standardMasks;
  const start = file.uint32(10);
  const entryBytes = isOld ? 3 : 4;
  // Masks stand behind a header of 40 bytes, and inside a longer one.
  const paletteStart = 14 + headerBytes + (hasMasks && headerBytes === 40 ? 12 : 0);
  const used = isOld ? 0 : file.uint32(46);
  const entries = depth > 8 ? 0 : Math.min(used === 0 ? 2 ** depth : used, 2 ** depth);
  return {
    ...size,
    depth,
    compression,
    start,
    palette: file.slice(paletteStart, entries * entryBytes),
    entryBytes,
    masks,
  };
}

function requireRead(file: FileBytes, depth: number, compression: number): void {
  const depths: Readonly<Record<number, readonly number[]>> = {
    [coding.plain]: [1, 4, 8, 16, 24, 32],
    [coding.runs8]: [8],
    [coding.runs4]: [4],
    [coding.masks]: [16, 32],
    [coding.alphaMasks]: [16, 32],
  };
  if (depths[compression]?.includes(depth) === true) return;
  throw file.unread(
    `it is a BMP of ${depth} bits with the compression ${compression}, which is not read`,
    "Save it again as PNG",
  );
}

type RowReader = (source: Uint8Array, from: number, pixels: Uint8Array, target: number) => void;

/** How a row of the file becomes RGBA bytes. */
function rowReader({ width, depth, compression, palette, entryBytes, masks }: Form): RowReader {
  const isPlain = depth === 24 || (depth === 32 && masks.join() === plainMasks.join());
  if (isPlain) {
    const bytes = depth / 8;
    return (source, from, pixels, target) => {
      for (let x = 0; x < width; x++, from += bytes, target += 4) {
        pixels[target] = source[from + 2] ?? 0;
        pixels[target + 1] = source[from + 1] ?? 0;
        pixels[target + 2] = source[from] ?? 0;
        pixels[target + 3] = 255;
      }
    };
  }
  if (depth > 8) return maskedReader(width, depth / 8, masks);
  // Runs are unpacked to a byte per pixel.
  const bits = compression === coding.plain ? depth : 8;
  const perByte = 8 / bits;
  return (source, from, pixels, target) => {
    for (let x = 0; x < width; x++, target += 4) {
      const packed = source[from + Math.floor(x / perByte)] ?? 0;
      const entry = ((packed >> (8 - bits * (x % perByte + 1))) & (2 ** bits - 1)) * entryBytes;
      // An index behind the palette is black, as in viewers.
      pixels[target] = palette[entry + 2] ?? 0;
      pixels[target + 1] = palette[entry + 1] ?? 0;
      pixels[target + 2] = palette[entry] ?? 0;
      pixels[target + 3] = 255;
    }
  };
}

function maskedReader(width: number, bytes: number, masks: readonly number[]): RowReader {
  const fields = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    const largest = mask >>> shift;
    return { mask, shift, largest: Math.max(1, largest) };
  });
  return (source, from, pixels, target) => {
    for (let x = 0; x < width; x++, from += bytes, target += 4) {
      let value = 0;
      for (let byte = bytes - 1; byte >= 0; byte--) value = (value << 8) | (source[from + byte] ?? 0);
      for (const [channel, { mask, shift, largest }] of fields.entries()) {
        pixels[target + channel] = Math.round(((value & mask) >>> shift) * 255 / largest);
      }
      pixels[target + 3] = 255;
    }
  };
}

/** Unpacks runs to an index per pixel, rows in the order of the file. What the runs leave out keeps index 0. */
function readRuns(file: FileBytes, { height, width, depth, start }: Form, indices: Uint8Array): void {
  let [x, y, position] = [0, 0, start];
  const put = (index: number) => {
    if (x < width && y < height) indices[y * width + x] = index;
    x++;
  };
  const nibble = (byte: number, index: number) => index % 2 === 0 ? byte >> 4 : byte & 15;
  while (y < height) {
    const [count, value] = [file.uint8(position), file.uint8(position + 1)];
    position += 2;
    if (count > 0) {
      for (let index = 0; index < count; index++) put(depth === 8 ? value : nibble(value, index));
    } else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) return;
    else if (value === 2) {
      [x, y] = [x + file.uint8(position), y + file.uint8(position + 1)];
      position += 2;
    } else {
      for (let index = 0; index < value; index++) {
        put(depth === 8 ? file.uint8(position + index) : nibble(file.uint8(position + (index >> 1)), index));
      }
      const used = depth === 8 ? value : Math.ceil(value / 2);
      position += used + used % 2;
    }
  }
}
