/**
 * MXNet's `.params` files, put together.
 *
 * @module
 */

import { f32, f64, joined, type Piece, u32, u64 } from "./files.ts";

/** A list of these arrays and names. */
export function mxnetList(
  arrays: readonly Piece[],
  names: readonly string[] = arrays.map((_, index) => `arg:a${index}`),
): Uint8Array<ArrayBuffer> {
  const named = names.map((name) => joined(u64(name.length), name));
  return joined(u64(0x112), u64(0), u64(arrays.length), ...arrays, u64(names.length), ...named);
}

/** A device. */
export const cpu: number[] = [...u32(1), ...u32(0)];
const gpu = [...u32(2), ...u32(3)];
/** Sides of 64 bits. */
export const i64s = (...sides: readonly number[]): number[] => sides.flatMap(u64);
const first = joined(u32(2), u32(1), u32(3), cpu, u32(0), f32(1, 2, 3));
const v1 = joined(u32(0xf993fac8), u32(2), i64s(3, 1), gpu, u32(0), f32(4, 5, 6));
const v2 = joined(u32(0xf993fac9), u32(0), u32(1), i64s(2), cpu, u32(1), f64(0.1, -7));
const v3 = joined(u32(0xf993faca), u32(0), u32(0), cpu, u32(0), f32(9));

/** An array of each kind of header: before V1, V1, V2 and V3. */
export const mxnetArrays = [first, v1, v2, v3] as const;
