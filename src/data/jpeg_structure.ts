/**
 * A walk over the markers of a JPEG file. It tells the size of the image, and whether the file is whole. Decoders fill
 * the missing part of a file that was cut short with grey and say nothing, so this is checked here. No pixel is
 * decoded.
 *
 * Source: ITU-T T.81, annex B.
 *
 * @module
 */

import type { Size } from "./size.ts";

const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;

/**
 * The size of a JPEG image in pixels.
 *
 * @throws {Error} where the file ends before its end-of-image marker, has no frame header, or is not of 8 bits.
 */
export function inspectJpeg(bytes: Uint8Array, path: string): Size {
  let size: Size | null = null;
  let position = 2;
  while (position + 1 < bytes.length) {
    if (bytes[position] !== 0xff) throw new Error(`Cannot read ${path}: the JPEG file is damaged at byte ${position}`);
    const marker = bytes[position + 1] ?? 0;
    if (marker === 0xff) {
      position += 1; // fill byte
    } else if (marker === END_OF_IMAGE) {
      if (size === null) throw new Error(`Cannot read ${path}: the JPEG file has no frame header. It is damaged`);
      return size;
    } else if (isBare(marker)) {
      position += 2;
    } else {
      if (isFrameHeader(marker)) size = frameSize(bytes, position, path);
      position += 2 + readUint16(bytes, position + 2);
      if (marker === START_OF_SCAN) position = skipScan(bytes, position);
    }
  }
  throw new Error(`Cannot read ${path}: the JPEG file is cut short after ${bytes.length} bytes. Copy it again`);
}

/** Markers without a length: restart markers, start of image, TEM. */
function isBare(marker: number): boolean {
  return (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01;
}

/** SOF0 to SOF15, without the Huffman (C4), arithmetic (CC) and reserved (C8) markers among them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function frameSize(bytes: Uint8Array, position: number, path: string): Size {
  const precision = bytes[position + 4] ?? 8;
  if (precision !== 8) {
    throw new Error(`Cannot read ${path}: ${precision}-bit JPEG, expected 8-bit. Convert it to 8 bits per channel`);
  }
  return { height: readUint16(bytes, position + 5), width: readUint16(bytes, position + 7) };
}

/** The position of the first marker after entropy-coded data that is neither a stuffed zero nor a restart. */
function skipScan(bytes: Uint8Array, start: number): number {
  let position = start;
  while (position + 1 < bytes.length) {
    position = bytes.indexOf(0xff, position);
    if (position < 0) return bytes.length;
    const next = bytes[position + 1] ?? 0;
    if (next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return position;
    position += 2;
  }
  return bytes.length;
}

function readUint16(bytes: Uint8Array, position: number): number {
  return (bytes[position] ?? 0) * 256 + (bytes[position + 1] ?? 0);
}
