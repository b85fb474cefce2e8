/**
 * The boxes of a HEIC file that tell the size of its image, as it looks upright. The decoder turns and crops it itself,
 * as the boxes say; EXIF data in the file repeats that and must not be followed again.
 *
 * Source: ISO/IEC 14496-12 (boxes), 8.11; ISO/IEC 23008-12 (HEIF), 6.5.
 *
 * @module
 */

import type { Size } from "../size.ts";
import { FileBytes } from "./file_bytes.ts";
import type { StoredHeader } from "./image.ts";

interface Box {
  readonly name: string;
  /** Where its content begins. */
  readonly start: number;
  readonly end: number;
}

/** The header of a HEIC file. */
export function heicHeader(bytes: Uint8Array, path: string): StoredHeader {
  const file = new FileBytes(bytes, path, "HEIC");
  const meta = find(file, { name: "file", start: 0, end: Infinity }, "meta");
  // Where the content of such a box begins is told by its version and flags before it.
  const inside = { ...meta, start: meta.start + 4 };
  file.need(meta.start, meta.end - meta.start);
  const primary = primaryItem(file, find(file, inside, "pitm"));
  const properties = find(file, inside, "iprp");
  const stored = sizeOf(file, propertiesOf(file, properties, primary));
  return { kind: "HEIC", stored, orientation: 1 };
}

/**
 * How long a HEIC file is at least: up to the end of its coded pixels.
 *
 * @throws {MoreBytesError} where the bytes end before the box of the pixels begins.
 */
export function heicLength(bytes: Uint8Array, path: string): number {
  const file = new FileBytes(bytes, path, "HEIC");
  const { start, end } = find(file, { name: "file", start: 0, end: Infinity }, "mdat");
  // A box that reaches to the end of the file says nothing of its length.
  return end === Infinity ? start : end;
}

/** The boxes in a box, each looked at when its turn comes. */
function* boxes(file: FileBytes, { start, end }: Box): Generator<Box> {
  for (let position = start; position + 8 <= end;) {
    const length = file.uint32(position);
    const name = file.text(position + 4, 4);
    const isLong = length === 1;
    const total = isLong ? file.uint32(position + 8) * 2 ** 32 + file.uint32(position + 12) : length;
    // A length of 0 reaches to the end of the file.
    const next = total === 0 ? end : position + total;
    if (next < position + (isLong ? 16 : 8) || next > end) throw file.damaged(`its box "${name}" has a wrong length`);
    yield { name, start: position + (isLong ? 16 : 8), end: next };
    position = next;
  }
}

function find(file: FileBytes, outer: Box, name: string): Box {
  for (const box of boxes(file, outer)) if (box.name === name) return box;
  throw file.damaged(`it has no box "${name}"`);
}

function primaryItem(file: FileBytes, { start }: Box): number {
  return file.uint8(start) === 0 ? file.uint16(start + 4) : file.uint32(start + 4);
}

/** The properties of an item, in the order in which they are applied. */
function propertiesOf(file: FileBytes, properties: Box, item: number): Box[] {
  const all = [...boxes(file, find(file, properties, "ipco"))];
  for (const { name, start } of boxes(file, properties)) {
    if (name !== "ipma") continue;
    const [isLong, isWide] = [file.uint8(start) > 0, (file.uint8(start + 3) & 1) === 1];
    let position = start + 8;
    for (let entry = file.uint32(start + 4); entry > 0; entry--) {
      const id = isLong ? file.uint32(position) : file.uint16(position);
      position += isLong ? 4 : 2;
      const count = file.uint8(position++);
      const numbers = Array.from(
        { length: count },
        (_, index) => isWide ? file.uint16(position + 2 * index) & 0x7fff : file.uint8(position + index) & 0x7f,
      );
      if (id === item) return numbers.flatMap((number) => all[number - 1] ?? []);
      position += count * (isWide ? 2 : 1);
    }
  }
  throw file.damaged("its image has no properties");
}

function sizeOf(file: FileBytes, properties: readonly Box[]): Size {
  let size: Size | null = null;
  for (const { name, start } of properties) {
    if (name === "ispe") size = { height: file.uint32(start + 8), width: file.uint32(start + 4) };
    if (name === "clap" && size !== null) {
      const side = (position: number) => Math.round(file.uint32(position) / Math.max(1, file.uint32(position + 4)));
      size = { height: Math.min(size.height, side(start + 8)), width: Math.min(size.width, side(start)) };
    }
    const turns = name === "irot" && (file.uint8(start) & 1) === 1;
    if (turns && size !== null) size = { height: size.width, width: size.height };
  }
  if (size === null) throw file.damaged("its image has no size");
  return size;
}
