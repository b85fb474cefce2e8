/**
 * Inflates by the zlib of the runtime, ten times as fast as in JavaScript. The labels of a thousand images are decoded
 * before a run; there it counts.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import { inflate } from "../data/decoders/inflate.ts";

/**
 * Inflates like {@link inflate}, with the same results. Streams that are damaged, or hold more than is wanted, are left
 * to that one.
 */
export function fastInflate(
  pieces: readonly Uint8Array[],
  wanted: number,
  onBytes: (bytes: Uint8Array) => void,
): number {
  const whole = inflatedWhole(pieces, wanted);
  if (whole === null) return inflate(pieces, wanted, onBytes);
  onBytes(whole);
  return whole.length;
}

function inflatedWhole(pieces: readonly Uint8Array[], wanted: number): Uint8Array | null {
  try {
    const whole = inflateSync(Buffer.concat(pieces), { maxOutputLength: wanted });
    return whole.length === wanted ? whole : null;
  } catch {
    return null;
  }
}
