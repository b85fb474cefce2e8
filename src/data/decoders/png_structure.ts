/**
 * A walk over the chunks of a PNG file: its form, its palette and where its pixels lie. Ancillary chunks are skipped,
 * damaged or not, as in viewers. The checksums of the others must be right. No pixel is decoded.
 *
 * Source: W3C PNG (third edition), 5 and 11.
 *
 * @module
 */

import { exifOrientation, type Orientation } from "./exif.ts";
import { FileBytes } from "./file_bytes.ts";
import type { StoredHeader } from "./image.ts";

/** What a PNG file's header says of its pixels. */
export interface PngForm {
  readonly height: number;
  readonly width: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** Samples of a pixel: 1 is grey or a palette's index, 2 grey with alpha, 3 RGB, 4 RGBA. */
  readonly channels: 1 | 2 | 3 | 4;
  /** Whether the samples are indices of a palette. */
  readonly hasPalette: boolean;
  readonly interlaced: boolean;
}

/** The chunks of a PNG file that are needed for its pixels. */
export interface PngParts {
  readonly form: PngForm;
  /** Red, green and blue of each index; `null` where there is no palette. */
  readonly palette: Uint8Array | null;
  /** The compressed pixels, in pieces. */
  readonly data: readonly Uint8Array[];
}

/** Where the first chunk after the header begins. */
const HEADER_END = 33;

interface ColourType {
  readonly channels: PngForm["channels"];
  readonly depths: readonly number[];
}

const colourTypes: Readonly<Record<number, ColourType>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  3: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};

/** The header of a PNG file. Its EXIF data is heeded where it stands before the pixels, as the format wants it. */
export function pngHeader(bytes: Uint8Array, path: string): StoredHeader {
  const file = new FileBytes(bytes, path, "PNG");
  const stored = formOf(file);
  return { kind: "PNG", stored: { height: stored.height, width: stored.width }, orientation: orientationOf(file) };
}

/** Whether pixels of a PNG file may be transparent: they have alpha, or one of its colours stands for nothing. */
export function isTransparentPng(bytes: Uint8Array, path: string): boolean {
  const file = new FileBytes(bytes, path, "PNG");
  const { channels } = formOf(file);
  if (channels === 2 || channels === 4) return true;
  for (let position = HEADER_END;; position += 12 + file.uint32(position)) {
    const name = chunkName(file, position);
    if (name === "tRNS") return true;
    if (name === "IDAT" || name === "IEND") return false;
  }
}

/**
 * Makes sure that a PNG file is whole. Checksums are not looked at.
 *
 * @throws {Error} where the file ends before its last chunk does.
 */
export function inspectPng(bytes: Uint8Array, path: string): void {
  const file = new FileBytes(bytes, path, "PNG");
  for (let position = HEADER_END; chunkName(file, position) !== "IEND";) {
    position += 12 + file.uint32(position);
  }
}

/**
 * The parts of a PNG file.
 *
 * @throws {Error} where it is cut short, or a chunk that is needed is missing or damaged.
 */
export function pngParts(bytes: Uint8Array, path: string): PngParts {
  const file = new FileBytes(bytes, path, "PNG");
  const form = formOf(file);
  requireChecksum(file, 8);
  const data: Uint8Array[] = [];
  let palette: Uint8Array | null = null;
  for (let position = HEADER_END;;) {
    const name = chunkName(file, position);
    const length = file.uint32(position);
    // Only the small letters of ancillary chunks have this bit.
    if ((file.uint8(position + 4) & 0x20) === 0) {
      file.need(position, 12 + length);
      requireChecksum(file, position);
      if (name === "IDAT") data.push(file.slice(position + 8, length));
      else if (name === "PLTE") palette = file.slice(position + 8, length);
      else if (name !== "IEND") throw file.damaged(`it has a chunk "${name}", which the format does not know`);
    }
    if (name === "IEND") break;
    position += 12 + length;
  }
  if (form.hasPalette && (palette === null || palette.length % 3 !== 0)) throw file.damaged("it has no sound palette");
  return { form, palette: form.hasPalette ? palette : null, data };
}

function formOf(file: FileBytes): PngForm {
  file.need(0, HEADER_END);
  if (chunkName(file, 8) !== "IHDR" || file.uint32(8) !== 13) throw file.damaged("it does not begin with its header");
  const [depth, type, compression, filter, interlacing] = file.slice(24, 5);
  const colour = type === undefined ? undefined : colourTypes[type];
  if (depth === undefined || colour === undefined || !colour.depths.includes(depth)) {
    throw file.damaged(`its header says colour type ${type} of ${depth} bits, which the format does not know`);
  }
  if (compression !== 0 || filter !== 0 || interlacing === undefined || interlacing > 1) {
    throw file.damaged("its header says a compression, filter or interlacing that the format does not know");
  }
  return {
    height: file.uint32(20),
    width: file.uint32(16),
    depth,
    channels: colour.channels,
    hasPalette: type === 3,
    interlaced: interlacing === 1,
  };
}

/** The four letters that name the chunk at a position. */
function chunkName(file: FileBytes, position: number): string {
  const name = file.text(position + 4, 4);
  if (!/^[A-Za-z]{4}$/.test(name)) throw file.damaged(`there is no chunk at byte ${position}`);
  return name;
}

function orientationOf(file: FileBytes): Orientation {
  for (let position = HEADER_END;; position += 12 + file.uint32(position)) {
    const name = chunkName(file, position);
    if (name === "IDAT" || name === "IEND") return 1;
    if (name === "eXIf") return exifOrientation(file.slice(position + 8, file.uint32(position)));
  }
}

function requireChecksum(file: FileBytes, position: number): void {
  const length = file.uint32(position);
  const found = crc32(file.slice(position + 4, length + 4));
  if (found !== file.uint32(position + 8 + length)) {
    throw file.damaged(`the checksum of its chunk "${chunkName(file, position)}" is wrong`);
  }
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** The checksum of PNG chunks (annex D of the specification). */
function crc32(bytes: Uint8Array): number {
  let value = ~0;
  for (let index = 0; index < bytes.length; index++) {
    value = (crcTable[(value ^ (bytes[index] ?? 0)) & 255] ?? 0) ^ (value >>> 8);
  }
  return ~value >>> 0;
}
