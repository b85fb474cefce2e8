/**
 * The safetensors format: an 8-byte length, a JSON header with names, types, shapes and places, then the numbers. This
 * works on bytes; `src/disk/files.ts` reads and writes files.
 *
 * @module
 */

import * as v from "valibot";
import { validated } from "./validation.ts";

/** Values of a tensor in the order of its shape, as files have them. */
export interface ParameterValues {
  /** Shape as in PyTorch. */
  readonly shape: readonly number[];
  /** The numbers, row by row. */
  readonly values: Float32Array;
}

/** A safetensors file, read. Integers become float32 numbers as well. */
export interface SafetensorsFile {
  /** The tensors by name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, ParameterValues>;
  /** The texts of `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

const natural = v.pipe(v.number(), v.integer(), v.minValue(0));
const entrySchema = v.object({
  dtype: v.string(),
  shape: v.array(natural),
  data_offsets: v.strictTuple([natural, natural]),
});
const headerSchema = v.objectWithRest(
  { __metadata__: v.optional(v.record(v.string(), v.string()), {}) },
  entrySchema,
);

/**
 * Reads a file of F16, F32, F64, U8, I32, U32 or I64 tensors.
 *
 * @param source the file's name, for messages.
 * @throws {Error} naming the file and the tensor that cannot be read.
 */
export function readSafetensors(bytes: Uint8Array<ArrayBuffer>, source: string): SafetensorsFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? -1 : Number(view.getBigUint64(0, true));
  if (length < 2 || length > bytes.length - 8) {
    throw new Error(`Cannot read ${source}: it is no safetensors file, or it was cut off (${bytes.length} bytes)`);
  }
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  const { __metadata__: metadata, ...entries } = validated(headerSchema, text, source, "safetensors header of");
  const tensors = new Map<string, ParameterValues>();
  for (const [name, entry] of Object.entries(entries)) {
    const [start, end] = entry.data_offsets;
    const count = entry.shape.reduce((product, side) => product * side, 1);
    const width = elementBytes[entry.dtype];
    if (width === undefined) {
      throw new Error(`Cannot read ${source}: tensor "${name}" has the unknown type ${entry.dtype}`);
    }
    if (end > bytes.length - 8 - length || end - start !== count * width) {
      throw new Error(
        `Cannot read ${source}: tensor "${name}" [${entry.shape.join(", ")}] of ${entry.dtype} does not fit its ${
          end - start
        } bytes, or the file was cut off`,
      );
    }
    const data = new DataView(bytes.buffer, bytes.byteOffset + 8 + length + start, end - start);
    tensors.set(name, { shape: entry.shape, values: decode(data, entry.dtype, count) });
  }
  return { tensors, metadata };
}

const elementBytes: Readonly<Record<string, number>> = { F16: 2, F32: 4, F64: 8, U8: 1, I32: 4, U32: 4, I64: 8 };

function decode(data: DataView, dtype: string, count: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  const width = elementBytes[dtype] ?? 1;
  for (let index = 0; index < count; index++) values[index] = element(data, dtype, index * width);
  return values;
}

function element(data: DataView, dtype: string, offset: number): number {
  switch (dtype) {
    case "F16":
      return halfToNumber(data.getUint16(offset, true));
    case "F32":
      return data.getFloat32(offset, true);
    case "F64":
      return data.getFloat64(offset, true);
    case "I32":
      return data.getInt32(offset, true);
    case "U32":
      return data.getUint32(offset, true);
    case "I64":
      return Number(data.getBigInt64(offset, true));
    default:
      return data.getUint8(offset);
  }
}

/** IEEE half precision: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Writes float32 tensors, in the order given, to the bytes of a file. Equal input gives equal bytes.
 *
 * @param metadata texts about the file.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, ParameterValues>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: { format: "pt", ...metadata } };
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + values.length * 4] };
    offset += values.length * 4;
  }
  // The header is padded with spaces so that the numbers start at a multiple of 8.
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + offset).fill(0x20, 8, 8 + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  let position = 8 + length;
  for (const { values } of tensors.values()) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.length * 4), position);
    position += values.length * 4;
  }
  return bytes;
}
