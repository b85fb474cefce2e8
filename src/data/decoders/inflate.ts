/**
 * Inflates zlib data into a buffer of known size, and not one byte more: what a small file could blow up to is never
 * held.
 *
 * Source: RFC 1950; RFC 1951.
 *
 * @module
 */

import { Inflate } from "fflate";

/** Deflate makes at most 1032 bytes of one: a code of one bit for 258 bytes, and one for the distance. */
const mostGrowth = 1032;

/** Fewest and most bytes that are inflated in one go. They may become 1032 times as many. */
const pieceBytes = [512, 8 * 1024] as const;

/** What inflates a zlib stream, as {@link inflate} does. */
export type Inflater = (pieces: readonly Uint8Array[], wanted: number, onBytes: (bytes: Uint8Array) => void) => number;

/** Whether `compressed` bytes can hold `wanted` bytes at all. */
export function canHold(compressed: number, wanted: number): boolean {
  return wanted <= compressed * mostGrowth;
}

/**
 * Inflates the zlib stream in `pieces` and hands its bytes on, in their order, until `wanted` of them have come. What
 * would follow is not inflated.
 *
 * @throws {Error} where the data are damaged. The message is no sentence yet.
 * @returns how many bytes came: fewer than wanted where the stream ends early.
 */
export function inflate(pieces: readonly Uint8Array[], wanted: number, onBytes: (bytes: Uint8Array) => void): number {
  let count = 0;
  const stream = new Inflate((bytes) => {
    const some = bytes.subarray(0, wanted - count);
    count += some.length;
    if (some.length > 0) onBytes(some);
  });
  let header: number[] = [];
  for (const piece of pieces) {
    let position = 0;
    while (header.length < 2 && position < piece.length) header = [...header, piece[position++] ?? 0];
    if (header.length === 2) requireZlib(header);
    while (position < piece.length) {
      const some = Math.min(pieceBytes[1], Math.max(pieceBytes[0], (wanted - count) >> 6));
      stream.push(piece.subarray(position, position + some), false);
      if (count >= wanted) return count;
      position += some;
    }
  }
  stream.push(new Uint8Array(0), true);
  return count;
}

function requireZlib([method = 0, flags = 0]: readonly number[]): void {
  if ((method & 15) !== 8 || (method * 256 + flags) % 31 !== 0) throw new Error("no zlib header");
}
