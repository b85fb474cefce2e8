/**
 * Digests of files, by which a run knows its data again.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** Files up to this length count with every byte. */
const wholeBytes = 2 ** 20;
/** So much of the beginning and of the end of a longer file counts. */
const endBytes = 2 ** 18;
/** So many pieces between, spread evenly, count. */
const pieces = 8;
/** The length of such a piece. */
const pieceBytes = 2 ** 14;

/** A digest of a file: of its length, and of those of its bytes that count. */
export function digestOf(length: number, pieces: readonly Uint8Array[]): string {
  const hash = createHash("sha256").update(`${length} `);
  for (const bytes of pieces) hash.update(bytes);
  return hash.digest("hex");
}

/**
 * The parts of a file that count, as the positions of their first byte and of the byte behind their last. Of a file
 * longer than 1 MiB only the first and the last 256 KiB count, and eight pieces of 16 KiB between them, so that
 * photographs are not read in full.
 */
export function countedParts(length: number): [number, number][] {
  if (length <= wholeBytes) return [[0, length]];
  const step = (length - 2 * endBytes) / pieces;
  const between = Array.from({ length: pieces }, (_, index): [number, number] => {
    const start = Math.floor(endBytes + step * (index + 0.5) - pieceBytes / 2);
    return [start, start + pieceBytes];
  });
  return [[0, endBytes], ...between, [length - endBytes, length]];
}

/** A digest of texts in their order. */
export function digestOfTexts(texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex");
}

/** A digest of a JSON value. The order of an object's keys does not count. */
export function digestOfJson(value: unknown): string {
  const sorted = (_: string, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1))
      : part;
  return sha256(JSON.stringify(value, sorted));
}

/** SHA-256 as hexadecimal digits. */
export function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}
