/**
 * Bytes of files, put together by tests.
 *
 * @module
 */

/** Pieces of a file: bytes, numbers of some width, texts. */
export type Piece = Uint8Array | readonly number[] | string;

/** The pieces one after the other. A text gives the bytes of its characters' codes. */
export function joined(...pieces: readonly Piece[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const piece of pieces) {
    all.set(typeof piece === "string" ? Array.from(piece, (letter) => letter.charCodeAt(0)) : piece, place);
    place += piece.length;
  }
  return all;
}

/** An integer of 16 bits, lowest byte first. */
export function u16(value: number): number[] {
  return integer(value, 2);
}

/** An integer of 32 bits, lowest byte first. */
export function u32(value: number): number[] {
  return integer(value, 4);
}

/** An integer of 64 bits, lowest byte first. */
export function u64(value: number | bigint): number[] {
  return integer(value, 8);
}

function integer(value: number | bigint, width: number): number[] {
  return Array.from({ length: width }, (_, index) => Number((BigInt(value) >> BigInt(8 * index)) & 255n));
}

/** Floats of 32 bits. */
export function f32(...values: readonly number[]): number[] {
  return [...new Uint8Array(Float32Array.from(values).buffer)];
}

/** Floats of 64 bits. */
export function f64(...values: readonly number[]): number[] {
  return [...new Uint8Array(Float64Array.from(values).buffer)];
}
