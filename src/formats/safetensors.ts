/**
 * The safetensors format: an 8-byte length, a JSON header with names, types, shapes and places, then the numbers. This
 * works on bytes; `src/disk/files.ts` reads and writes files.
 *
 * @module
 */

import * as v from "valibot";
import {
  elementBytes,
  elementCount,
  type ForeignTensors,
  isElementType,
  type ParameterValues,
  shapeText,
  type StoredTensor,
  storedTensor,
} from "./stored_tensor.ts";
import { requireDistinctKeys, shortText, validated } from "./validation.ts";

export type { ParameterValues };

/** A safetensors file, read. Integers become float32 numbers as well. */
export interface SafetensorsFile {
  /**
   * The tensors by name, in the order of their bytes. Values are made when they are first asked for, and may lie in the
   * file's own bytes. Those of a type that is not read, such as F8_E4M3, throw.
   */
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
 * Reads a file of floats (F16, BF16, F32, F64) or integers (BOOL, I8 to I64, U8 to U64); tensors of other types are in
 * the way of nothing as long as no one asks for their values. It is as strict as the format's reference implementation:
 * the tensors must fill the bytes behind the header one after the other, without overlap, hole or rest, and no name may
 * be given twice. All of that is checked before a number is read.
 *
 * Source: `safetensors/src/tensor.rs` and the section "Format" of <https://github.com/huggingface/safetensors>.
 *
 * @param source the file's name, for messages.
 * @throws {Error} naming the file and the tensor that cannot be read.
 */
export function readSafetensors(bytes: Uint8Array<ArrayBuffer>, source: string): SafetensorsFile {
  const { tensors, metadata } = readStoredSafetensors(bytes, source);
  const plain = [...tensors].map(([name, tensor]): [string, ParameterValues] => [name, {
    shape: tensor.shape,
    get values() {
      return tensor.values;
    },
  }]);
  return { tensors: new Map(plain), metadata };
}

/**
 * Reads a file as {@link readSafetensors} does, and says how the elements are stored.
 *
 * @param source the file's name, for messages.
 * @throws {Error} naming the file and the tensor that cannot be read.
 */
export function readStoredSafetensors(bytes: Uint8Array<ArrayBuffer>, source: string): ForeignTensors {
  const { text, dataStart } = headerText(bytes, source);
  const what = "safetensors header of";
  const { __metadata__: metadata, ...entries } = validated(headerSchema, text, source, what);
  requireDistinctKeys(text, source, what);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { dtype: typeName, shape, data_offsets }] of inPlace(entries, bytes.length - dataStart, source)) {
    const [start, end] = data_offsets;
    const dtype = typeName.toLowerCase();
    const stored = storedTensor({
      ...{ shape, typeName, dtype: isElementType(dtype) ? dtype : "other" },
      bytes: () => bytes.subarray(dataStart + start, dataStart + end),
      where: `Cannot read ${source}: tensor ${shortText(name)}`,
    });
    tensors.set(name, stored);
  }
  return { container: "safetensors", tensors, metadata };
}

/** The header, and where the numbers begin. */
function headerText(bytes: Uint8Array, source: string): { readonly text: string; readonly dataStart: number } {
  const other = isSafetensors(bytes) ? null : otherKind(bytes);
  if (other !== null) throw new Error(`Cannot read ${source}: it is ${other}`);
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

/**
 * Whether a file begins with the length of a header and JSON. Lengths such as 640 make it begin as a pickle or an MXNet
 * file as well, which hold no brace there.
 */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === "{".charCodeAt(0) && [4, 5, 6, 7].every((place) => bytes[place] === 0);
}

/** What a file is that people give in the place of a safetensors file, and what to do; `null` if nothing is known. */
function otherKind(bytes: Uint8Array): string | null {
  const startsWith = (...start: readonly number[]) => start.every((byte, index) => bytes[index] === byte);
  const beginning = latin1.decode(bytes.subarray(0, 64));
  const save = "Save the weights as safetensors";
  if (startsWith(0x50, 0x4b, 3, 4)) return `a zip archive, as torch.save writes (.pth, .pt). ${save}`;
  // Protocol 2 and up begin with 0x80 and their number.
  if (startsWith(0x80) && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 0) <= 5) {
    return `a Python pickle, as torch.save wrote before PyTorch 1.6 (.pth, .pt). ${save}`;
  }
  if (startsWith(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)) return `a .npy file. ${save}`;
  if (startsWith(0x89, 0x48, 0x44, 0x46)) return `an HDF5 file, as Keras writes (.h5). ${save}`;
  if (startsWith(0x47, 0x47, 0x55, 0x46)) return `a GGUF file. ${save}`;
  if (startsWith(0x1f, 0x8b)) return "a gzip archive. Unpack it first";
  if (beginning.startsWith("version https://git-lfs")) {
    return "what Git LFS leaves in the place of a file that was not fetched. Fetch it with git lfs pull";
  }
  if (/^\s*<(?:!doctype|html)/i.test(beginning)) {
    return "a web page, as a failed download leaves. Download the file itself";
  }
  return null;
}

const latin1 = new TextDecoder("latin1");

/** The tensors in the order of their bytes, which must fill `dataBytes` bytes exactly. */
function inPlace(entries: Readonly<Record<string, Entry>>, dataBytes: number, source: string): [string, Entry][] {
  const ordered = Object.entries(entries).sort(([, { data_offsets: a }], [, { data_offsets: b }]) =>
    a[0] - b[0] || a[1] - b[1]
  );
  let place = 0;
  for (const [name, { dtype, shape, data_offsets: [start, end] }] of ordered) {
    const tensor = `tensor ${shortText(name)}`;
    if (!/^[A-Z][A-Z0-9_]{0,30}$/.test(dtype)) {
      throw new Error(`Cannot read ${source}: ${tensor} has the type ${shortText(dtype)}, which is no type's name`);
    }
    if (start !== place) {
      throw new Error(
        `Cannot read ${source}: ${tensor} begins at byte ${start} of the data, ` +
          `the tensors before it end at ${place}. The file is damaged`,
      );
    }
    const type = dtype.toLowerCase();
    // How many bytes a type takes that is not known here cannot be checked; the tensor must not end before it begins.
    const wanted = isElementType(type) ? elementCount(shape) * elementBytes(type) : Math.max(0, end - start);
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

/**
 * Writes float32 tensors, in the order given, to the bytes of a file. Equal input gives equal bytes.
 *
 * @param metadata texts about the file.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, ParameterValues>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const stored = [...tensors].map(([name, { shape, values }]): [string, WrittenTensor] => [name, {
    shape,
    typeName: "F32",
    byteLength: values.length * 4,
    bytes: () => new Uint8Array(values.buffer, values.byteOffset, values.length * 4),
  }]);
  return fileOf(stored, metadata);
}

/**
 * Writes tensors with the types that they are stored in, bit for bit, in their order. Equal input gives equal bytes.
 *
 * @param metadata texts about the file.
 */
export function writeStoredSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const stored = [...tensors].map(([name, tensor]): [string, WrittenTensor] => {
    const { shape, dtype, typeName } = tensor;
    const byteLength = dtype === "other" ? tensor.bytes().length : elementCount(shape) * elementBytes(dtype);
    const written = dtype === "other" ? typeName : dtype.toUpperCase();
    return [name, { shape, typeName: written, byteLength, bytes: () => tensor.bytes() }];
  });
  return fileOf(stored, metadata);
}

/** A tensor that is written. */
interface WrittenTensor {
  readonly shape: readonly number[];
  readonly typeName: string;
  readonly byteLength: number;
  readonly bytes: () => Uint8Array;
}

function fileOf(
  tensors: readonly (readonly [string, WrittenTensor])[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = [["__metadata__", { format: "pt", ...metadata }]];
  let offset = 0;
  for (const [name, { shape, typeName, byteLength }] of tensors) {
    if (name === "__metadata__") throw new RangeError(`No tensor of a safetensors file may be called ${name}`);
    header.push([name, { dtype: typeName, shape, data_offsets: [offset, offset + byteLength] }]);
    offset += byteLength;
  }
  // The header is padded with spaces so that the numbers start at a multiple of 8.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + offset).fill(0x20, 8, 8 + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  let position = 8 + length;
  for (const [, tensor] of tensors) {
    bytes.set(tensor.bytes(), position);
    position += tensor.byteLength;
  }
  return bytes;
}
