/**
 * A walk over the markers of a JPEG file. It tells the size of the image and its orientation, and whether the file is
 * whole. Decoders fill the missing part of a file that was cut short with grey and say nothing, so this is checked here.
 * No pixel is decoded.
 *
 * Source: ITU-T T.81, annex B; for EXIF data CIPA DC-008, 4.5.4.
 *
 * @module
 */

import type { Size } from "../size.ts";
import { exifOrientation, type Orientation } from "./exif.ts";
import { beginsWith, FileBytes } from "./file_bytes.ts";
import type { StoredHeader } from "./image.ts";

const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const APP1 = 0xe1;

/** The size and orientation of a JPEG image. `bytes` may be only the beginning of the file. */
export function jpegHeader(bytes: Uint8Array, path: string): StoredHeader {
  const file = new FileBytes(bytes, path, "JPEG");
  let stored: Size | null = null;
  let orientation: Orientation = 1;
  let position = 2;
  for (;;) {
    const marker = markerAt(file, position);
    if (marker === START_OF_SCAN || marker === END_OF_IMAGE) break;
    if (marker === APP1) orientation = exifOf(file, position) ?? orientation;
    if (isFrameHeader(marker)) stored = frameSize(file, position);
    position = nextMarker(file, position, marker);
  }
  if (stored === null) throw file.damaged("it has no frame header");
  return { kind: "JPEG", stored, orientation };
}

/**
 * Makes sure that a JPEG file is whole.
 *
 * @throws {Error} where the file ends before its end-of-image marker, or something else than a marker follows a segment.
 */
export function inspectJpeg(bytes: Uint8Array, path: string): void {
  const file = new FileBytes(bytes, path, "JPEG");
  let position = 2;
  for (;;) {
    const marker = markerAt(file, position);
    if (marker === END_OF_IMAGE) return;
    position = nextMarker(file, position, marker);
    if (marker === START_OF_SCAN) position = skipScan(bytes, position);
  }
}

function markerAt(file: FileBytes, position: number): number {
  if (file.uint8(position) !== 0xff) throw file.damaged(`there is no marker at byte ${position}`);
  return file.uint8(position + 1);
}

/** Where the segment of a marker ends. Fill bytes and some markers have no length. */
function nextMarker(file: FileBytes, position: number, marker: number): number {
  if (marker === 0xff) return position + 1;
  return isBare(marker) ? position + 2 : position + 2 + file.uint16(position + 2);
}

/** Markers without a length: restart markers, start of image, TEM. */
function isBare(marker: number): boolean {
  return (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01;
}

/** SOF0 to SOF15, without the Huffman (C4), arithmetic (CC) and reserved (C8) markers among them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** The orientation in an APP1 segment; `null` where the segment holds other data, such as XMP. */
function exifOf(file: FileBytes, position: number): Orientation | null {
  const content = file.slice(position + 4, Math.max(0, file.uint16(position + 2) - 2));
  return beginsWith(content, [0x45, 0x78, 0x69, 0x66, 0, 0]) ? exifOrientation(content) : null;
}

function frameSize(file: FileBytes, position: number): Size {
  const precision = file.uint8(position + 4);
  if (precision !== 8) {
    throw file.unread(`${precision}-bit JPEG, expected 8-bit`, "Convert it to 8 bits per channel");
  }
  return { height: file.uint16(position + 5), width: file.uint16(position + 7) };
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
