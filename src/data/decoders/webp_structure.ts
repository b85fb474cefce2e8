/**
 * The chunks of a WebP file: its size, and the EXIF data behind its pixels.
 *
 * Source: RFC 9649, 2.
 *
 * @module
 */

import { exifOrientation, type Orientation } from "./exif.ts";
import { FileBytes } from "./file_bytes.ts";
import type { StoredHeader } from "./image.ts";
import type { Size } from "../size.ts";

const FIRST_CHUNK = 12;
const HAS_EXIF = 0x08;
const IS_ANIMATED = 0x02;

/** The header of a WebP file. `bytes` may be only the beginning; where there is EXIF data, it stands at the end. */
export function webpHeader(bytes: Uint8Array, path: string): StoredHeader {
  const file = new FileBytes(bytes, path, "WebP", true);
  const name = file.text(FIRST_CHUNK, 4);
  if (name === "VP8 ") return { kind: "WebP", stored: lossySize(file), orientation: 1 };
  if (name === "VP8L") return { kind: "WebP", stored: losslessSize(file), orientation: 1 };
  if (name !== "VP8X") throw file.damaged(`it begins with the chunk "${name}"`);
  const flags = file.uint8(20);
  if ((flags & IS_ANIMATED) !== 0) throw file.unread("it is an animated WebP", "Save one of its pictures by itself");
  const stored = { height: uint24(file, 27) + 1, width: uint24(file, 24) + 1 };
  return { kind: "WebP", stored, orientation: (flags & HAS_EXIF) !== 0 ? orientationOf(file) : 1 };
}

/** How long a WebP file is, as its header says. */
export function webpLength(bytes: Uint8Array, path: string): number {
  return 8 + new FileBytes(bytes, path, "WebP", true).uint32(4);
}

function uint24(file: FileBytes, position: number): number {
  return file.uint16(position) + file.uint8(position + 2) * 65_536;
}

function lossySize(file: FileBytes): Size {
  // Behind the chunk's name and length: three bytes of the frame, then a signature.
  if (uint24(file, 23) !== 0x2a019d) throw file.damaged("its frame has no signature");
  return { height: file.uint16(28) & 0x3fff, width: file.uint16(26) & 0x3fff };
}

function losslessSize(file: FileBytes): Size {
  if (file.uint8(20) !== 0x2f) throw file.damaged("its frame has no signature");
  const bits = file.uint32(21);
  return { height: ((bits >>> 14) & 0x3fff) + 1, width: (bits & 0x3fff) + 1 };
}

/** The file's length stands in its header. A chunk that is announced and missing counts as none. */
function orientationOf(file: FileBytes): Orientation {
  const end = 8 + file.uint32(4);
  for (let position = FIRST_CHUNK; position + 8 <= end;) {
    const length = file.uint32(position + 4);
    if (file.text(position, 4) === "EXIF") return exifOrientation(file.slice(position + 8, length));
    position += 8 + length + length % 2;
  }
  return 1;
}
