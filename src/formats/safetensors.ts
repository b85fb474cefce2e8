/**
 * The safetensors format: an 8-byte length, a JSON header with names, types, shapes and places, then the numbers. This
 * works on bytes; `src/disk/files.ts` reads and writes files.
 *
 * @module
 */

import * as v from "valibot";
import { halfToNumber } from "./half.ts";
import { requireDistinctKeys, shortText, validated } from "./validation.ts";

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

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entrySchema = v.object({
  dtype: v.string(),
  shape: v.array(natural),
  data_offsets: v.strictTuple([natural, natural]),
});
type Entry = v.InferOutput<typeof entrySchema>;
const headerSchema = v.objectWithRest(
  { __metadata__: v.optional(v.record(v.string(), v.string()), {}) },
  entrySchema,
);

/** The most bytes of a header, as in the format's reference implementation. */
const maxHeaderBytes = 100_000_000;

/**
 * Reads a file of floats (F16, BF16, F32, F64) or integers (BOOL, I8 to I64, U8 to U64). It is as strict as the format's
 * reference implementation: the tensors must fill the bytes behind the header one after the other, without overlap,
 * hole or rest, and no name may be given twice. All of that is checked before a number is read.
 *
 * Source: `safetensors/src/tensor.rs` and the section "Format" of <https://github.com/huggingface/safetensors>.
 *
 * @param source the file's name, for messages.
 * @throws {Error} naming the file and the tensor that cannot be read.
 */
export function readSafetensors(bytes: Uint8Array<ArrayBuffer>, source: string): SafetensorsFile {
  const { text, dataStart } = headerText(bytes, source);
  const what = "safetensors header of";
  const { __metadata__: metadata, ...entries } = validated(headerSchema, text, source, what);
  requireDistinctKeys(text, source, what);
  const tensors = new Map<string, ParameterValues>();
  for (const [name, entry] of inPlace(entries, bytes.length - dataStart, source)) {
    const [start, end] = entry.data_offsets;
    const data = new DataView(bytes.buffer, bytes.byteOffset + dataStart + start, end - start);
    tensors.set(name, { shape: entry.shape, values: decode(data, entry.dtype) });
  }
  return { tensors, metadata };
}

/** The header, and where the numbers begin. */
function headerText(bytes: Uint8Array, source: string): { readonly text: string; readonly dataStart: number } {
  const other = otherKind(bytes);
  if (other !== null) throw new Error(`Cannot read ${source}: it is ${other}. Save the weights as safetensors`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? -1 : Number(view.getBigUint64(0, true));
  if (length < 2 || length > maxHeaderBytes || bytes[8] !== "{".charCodeAt(0)) {
    throw new Error(`Cannot read ${source}: it is no safetensors file (${bytes.length} bytes)`);
  }
  if (length > bytes.length - 8) {
    throw new Error(
      `Cannot read ${source}: its header takes ${length} bytes, the file has ${bytes.length}. The file was cut off`,
    );
  }
  try {
    return {
      text: new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)),
      dataStart: 8 + length,
    };
  } catch {
    throw new Error(`Cannot read ${source}: its header is no UTF-8 text`);
  }
}

/** What a file is that people give in the place of a safetensors file; `null` if nothing is known about it. */
function otherKind(bytes: Uint8Array): string | null {
  const startsWith = (...start: readonly number[]) => start.every((byte, index) => bytes[index] === byte);
  const zip = startsWith(0x50, 0x4b, 3, 4);
  if (zip) return "a zip archive, as torch.save writes (.pth, .pt)";
  // Protocol 2 and up begin with 0x80 and their number.
  if (startsWith(0x80) && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 0) <= 5) {
    return "a Python pickle, as torch.save wrote before PyTorch 1.6 (.pth, .pt)";
  }
  if (startsWith(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)) return "a .npy file";
  if (startsWith(0x89, 0x48, 0x44, 0x46)) return "an HDF5 file, as Keras writes (.h5)";
  if (startsWith(0x47, 0x47, 0x55, 0x46)) return "a GGUF file";
  return null;
}

/** The tensors in the order of their bytes, which must fill `dataBytes` bytes exactly. */
function inPlace(entries: Readonly<Record<string, Entry>>, dataBytes: number, source: string): [string, Entry][] {
  const ordered = Object.entries(entries).sort(([, { data_offsets: a }], [, { data_offsets: b }]) =>
    a[0] - b[0] || a[1] - b[1]
  );
  let place = 0;
  for (const [name, { dtype, shape, data_offsets: [start, end] }] of ordered) {
    const tensor = `tensor ${shortText(name)}`;
    const width = elementTypes[dtype]?.bytes;
    if (width === undefined) {
      throw new Error(
        `Cannot read ${source}: ${tensor} has the type ${shortText(dtype)}, expected one of ` +
          Object.keys(elementTypes).join(", "),
      );
    }
    if (start !== place) {
      throw new Error(
        `Cannot read ${source}: ${tensor} begins at byte ${start} of the data, ` +
          `the tensors before it end at ${place}. The file is damaged`,
      );
    }
    // Of a shape such as [0, 2^53] no number is left. Above 2^53 the product is not exact, but it is too large anyway.
    const wanted = shape.includes(0) ? 0 : shape.reduce((product, side) => product * side, width);
    if (end - start !== wanted) {
      throw new Error(
        `Cannot read ${source}: ${tensor} ${shapeText(shape)} of ${dtype} takes ${wanted} bytes, ` +
          `the header gives it ${end - start}`,
      );
    }
    place = end;
  }
  if (place !== dataBytes) {
    const reason = place > dataBytes ? "The file was cut off" : "Something was appended, or the header is damaged";
    throw new Error(`Cannot read ${source}: its tensors take ${place} bytes, it has ${dataBytes}. ${reason}`);
  }
  return ordered;
}

/** A shape in a message. */
function shapeText(shape: readonly number[]): string {
  return shape.length > 8 ? `[${shape.slice(0, 8).join(", ")}, …]` : `[${shape.join(", ")}]`;
}

/** The types of tensors: bytes of an element, and how one is read. */
const elementTypes: Readonly<
  Record<string, { readonly bytes: number; readonly read: (data: DataView, offset: number) => number }>
> = {
  F16: { bytes: 2, read: (data, offset) => halfToNumber(data.getUint16(offset, true)) },
  BF16: { bytes: 2, read: (data, offset) => bfloatToNumber(data.getUint16(offset, true)) },
  F32: { bytes: 4, read: (data, offset) => data.getFloat32(offset, true) },
  F64: { bytes: 8, read: (data, offset) => data.getFloat64(offset, true) },
  BOOL: { bytes: 1, read: (data, offset) => data.getUint8(offset) },
  I8: { bytes: 1, read: (data, offset) => data.getInt8(offset) },
  U8: { bytes: 1, read: (data, offset) => data.getUint8(offset) },
  I16: { bytes: 2, read: (data, offset) => data.getInt16(offset, true) },
  U16: { bytes: 2, read: (data, offset) => data.getUint16(offset, true) },
  I32: { bytes: 4, read: (data, offset) => data.getInt32(offset, true) },
  U32: { bytes: 4, read: (data, offset) => data.getUint32(offset, true) },
  I64: { bytes: 8, read: (data, offset) => Number(data.getBigInt64(offset, true)) },
  U64: { bytes: 8, read: (data, offset) => Number(data.getBigUint64(offset, true)) },
};

function decode(data: DataView<ArrayBuffer>, dtype: string): Float32Array<ArrayBuffer> {
  const type = elementTypes[dtype];
  if (type === undefined) throw new Error(`There is no type ${dtype}`);
  const values = new Float32Array(data.byteLength / type.bytes);
  for (let index = 0; index < values.length; index++) values[index] = type.read(data, index * type.bytes);
  return values;
}

/** The upper half of a float32 number. */
function bfloatToNumber(bits: number): number {
  word[0] = bits << 16;
  return wordAsFloat[0] ?? NaN;
}

const word = new Uint32Array(1);
const wordAsFloat = new Float32Array(word.buffer);

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
