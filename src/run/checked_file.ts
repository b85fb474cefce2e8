/**
 * A file of pixels from the disk: its header, whether it is whole, and its digest. Of a large file little is read.
 *
 * @module
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type ImageHeader, imageHeader, inspectImage, MoreBytesError, statedLength } from "../data/decode.ts";
import { requireAllowed } from "../data/decoders/limits.ts";
import { readFile } from "../disk/files.ts";
import { countedParts, digestOf } from "./file_digest.ts";
import { systemReason } from "../disk/reasons.ts";

/** A file that can be used, as far as its header and its end tell. */
export interface CheckedFile {
  readonly header: ImageHeader;
  /** A digest of its length and its bytes. */
  readonly digest: string;
  /** All of its bytes. */
  readonly read: () => Uint8Array;
}

/** How a file is checked. */
export interface CheckOptions {
  /** How many pixels its header may claim. */
  readonly maxPixels: number | undefined;
  /** Whether all bytes will be read anyway, because its pixels are decoded afterwards, which finds damage. */
  readonly labels?: boolean;
}

/**
 * Checks a file.
 *
 * @throws {Error} where it cannot be read, is no image, is too large, or is cut short.
 */
export function checkedFile(path: string, { maxPixels, labels = false }: CheckOptions): CheckedFile {
  const parts = readParts(path);
  const digest = digestOf(parts.length, parts.pieces);
  const [beginning] = parts.pieces;
  const isAll = parts.pieces.length === 1;
  let all = isAll ? beginning : undefined;
  const read = () => all ??= readFile(path);
  if (beginning === undefined) throw new Error(`Cannot read ${path}: the file is empty`);
  const header = isAll ? imageHeader(beginning, path) : headerOf(beginning, path, read);
  requireAllowed(header, path, { maxPixels });
  const isWhole = endsWell(header, parts.pieces.at(-1)) || isLongEnough(header, beginning, parts.length, path);
  if (!labels && !isWhole) inspectImage(read(), path, { maxPixels });
  return { header, digest, read };
}

/** The length of a file without a header, and a digest of its length and its bytes. */
export function countedFile(path: string): { readonly length: number; readonly digest: string } {
  const { length, pieces } = readParts(path);
  return { length, digest: digestOf(length, pieces) };
}

/** The header of a large file. If it is longer than the beginning that was read, the whole file is read. */
function headerOf(beginning: Uint8Array, path: string, read: () => Uint8Array): ImageHeader {
  try {
    return imageHeader(beginning, path);
  } catch (error) {
    if (error instanceof MoreBytesError) return imageHeader(read(), path);
    throw error;
  }
}

const pngEnd = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];
const jpegEnd = [0xff, 0xd9];

/**
 * Whether a file ends as a whole one does: a JPEG file with its end marker, a PNG file with its last chunk. If not, it
 * may be whole all the same, with something behind its end; a walk through it tells.
 */
function endsWell({ kind }: ImageHeader, ending: Uint8Array | undefined): boolean {
  const wanted = kind === "JPEG" ? jpegEnd : kind === "PNG" ? pngEnd : null;
  if (wanted === null || ending === undefined || ending.length < wanted.length) return false;
  return wanted.every((byte, index) => ending[ending.length - wanted.length + index] === byte);
}

/** Whether a file is as long as its beginning says. If that says nothing, all of the file must be looked at. */
function isLongEnough(header: ImageHeader, beginning: Uint8Array, length: number, path: string): boolean {
  try {
    return (statedLength(header, beginning, path) ?? Infinity) <= length;
  } catch (error) {
    if (error instanceof MoreBytesError) return false;
    throw error;
  }
}

/** The length of a file and those parts of it that count for its digest. */
function readParts(path: string): { length: number; pieces: Uint8Array[] } {
  try {
    const file = openSync(path, "r");
    try {
      const { size: length } = fstatSync(file);
      const pieces = countedParts(length).map(([start, end]) => {
        const bytes = new Uint8Array(end - start);
        let filled = 0;
        while (filled < bytes.length) {
          const count = readSync(file, bytes, filled, bytes.length - filled, start + filled);
          if (count === 0) throw new Error("it became shorter while it was read");
          filled += count;
        }
        return bytes;
      });
      return { length, pieces };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${systemReason(error)}`);
  }
}
