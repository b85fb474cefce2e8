/**
 * The compressions of TIFF beside deflate: LZW and PackBits. Both write into a buffer of known size and stop where it
 * is full.
 *
 * Source: Adobe, TIFF 6.0, sections 9 and 13.
 *
 * @module
 */

/** Unpacks PackBits data. Returns how many bytes came. */
export function unpackBits(packed: Uint8Array, room: Uint8Array): number {
  let length = 0;
  for (let position = 0; position < packed.length && length < room.length;) {
    const control = packed[position++] ?? 0;
    if (control === 128) continue;
    if (control < 128) {
      const some = packed.subarray(position, position + Math.min(control + 1, room.length - length));
      room.set(some, length);
      length += some.length;
      position += control + 1;
    } else {
      const end = Math.min(room.length, length + 257 - control);
      room.fill(packed[position++] ?? 0, length, end);
      length = end;
    }
  }
  return length;
}

const CLEAR = 256;
const END = 257;
const MOST_CODES = 4096;

/**
 * Unpacks LZW data with the most significant bit first. Returns how many bytes came.
 *
 * @throws {Error} where a code has no string. The message is no sentence yet.
 */
export function unpackLzw(packed: Uint8Array, room: Uint8Array): number {
  // The string of a code is that of another code and one byte more. All strings stand in the output already, so a code
  // only keeps where, and how long.
  const starts = new Int32Array(MOST_CODES);
  const lengths = new Int32Array(MOST_CODES);
  let [next, width, previous, length] = [END + 1, 9, -1, 0];
  let [bits, count, position] = [0, 0, 0];
  while (length < room.length) {
    while (count < width) {
      if (position >= packed.length) return length;
      bits = ((bits << 8) | (packed[position++] ?? 0)) & 0xff_ffff;
      count += 8;
    }
    const code = (bits >>> (count - width)) & (2 ** width - 1);
    count -= width;
    if (code === END) return length;
    if (code === CLEAR) {
      [next, width, previous] = [END + 1, 9, -1];
      continue;
    }
    const start = length;
    if (code < CLEAR) {
      room[length++] = code;
    } else {
      const from = code < next ? starts[code] ?? 0 : previous;
      const many = code < next ? lengths[code] ?? 0 : start - previous + 1;
      if (code > next || previous < 0) throw new Error(`LZW code ${code} has no string`);
      // Byte by byte: the string of the newest code overlaps what is being written.
      for (let index = 0; index < many && length < room.length; index++) room[length++] = room[from + index] ?? 0;
    }
    if (previous >= 0 && next < MOST_CODES) {
      starts[next] = previous;
      lengths[next] = start - previous + 1;
      next++;
    }
    previous = start;
    // The width grows one code early, as all writers of TIFF do it.
    if (next + 1 >= 2 ** width && width < 12) width++;
  }
  return length;
}
