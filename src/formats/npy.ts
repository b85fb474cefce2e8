/**
 * NumPy's .npy format: one array of numbers, as `numpy.save` writes it. This works on bytes; src/disk/npy_files.ts
 * reads and writes files. The header can be read alone, so that a large file can be read in slices.
 *
 * Source: the format's definition, `numpy/lib/format.py`.
 *
 * @module
 */

import { halfToNumber } from "./half.ts";
import { shortText } from "./validation.ts";

/** Element types that are written, as NumPy names them without the byte order. */
export type NpyType = "f4" | "f8" | "u1" | "i4" | "u4" | "i8";

/** Element types that are read. */
export type NpyFileType = NpyType | "f2";

/** The numbers of an array. The class follows from {@link NpyType}, in the order `f4 f8 u1 i4 u4 i8`. */
export type NpyData =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>;

/** What stands before the numbers. */
export interface NpyHeader {
  /** Sides of the array, outermost first; empty for a single number. */
  readonly shape: readonly number[];
  /** Type of an element. */
  readonly dtype: NpyFileType;
  /** Whether the most significant byte of an element comes first. */
  readonly isBigEndian: boolean;
  /** Whether the first side is the one along which neighbours in the file lie (Fortran order), not the last. */
  readonly isFortranOrder: boolean;
  /** Bytes before the first number. */
  readonly dataOffset: number;
}

/** An array, read. `data` has rows first (C order), whatever the order in the file. Half floats become `f4`. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly dtype: NpyType;
  readonly data: NpyData;
}

/**
 * Bytes at the beginning of a file that are enough for every header that NumPy writes for an array of plain numbers.
 */
export const NPY_HEADER_BYTES = 4096;

/** Bytes of an element. */
export const npyElementBytes: Readonly<Record<NpyFileType, number>> = {
  ...{ f2: 2, f4: 4, f8: 8, u1: 1, i4: 4, u4: 4, i8: 8 },
};

/** The types of real numbers. */
export const npyFloatTypes: readonly NpyFileType[] = ["f4", "f8", "f2"];

const allTypes: readonly NpyFileType[] = ["f4", "f8", "f2", "u1", "i4", "u4", "i8"];

/**
 * Reads an array. The numbers are copied, so that they do not keep the file's bytes alive.
 *
 * @param source the file's name, for messages.
 * @throws {Error} as {@link readNpyHeader}, or where the numbers do not fill the file to its end.
 */
export function readNpy(bytes: Uint8Array, source: string): NpyArray {
  const header = readNpyHeader(bytes, source);
  const { shape, dtype, dataOffset } = header;
  requireNpySize(header, bytes.length, source);
  const numbers = Uint8Array.from(bytes.subarray(dataOffset));
  if (dtype === "f2") return { shape, dtype: "f4", data: inOrder(npyFloats(numbers, header), header) };
  if (header.isBigEndian) swapBytes(numbers, npyElementBytes[dtype]);
  return { shape, dtype, data: inOrder(npyData(numbers, dtype), header) };
}

/**
 * Makes sure that the numbers fill a file to its end.
 *
 * @param fileBytes bytes of the whole file.
 * @throws {Error} naming the file, if they do not.
 */
export function requireNpySize({ shape, dtype, dataOffset }: NpyHeader, fileBytes: number, source: string): void {
  const wanted = shape.reduce((product, side) => product * side, npyElementBytes[dtype]);
  const found = fileBytes - dataOffset;
  if (found === wanted) return;
  throw new Error(
    `Cannot read ${source}: it has ${found} bytes of numbers, [${shape.join(", ")}] of ${dtype} takes ${wanted}. ` +
      "Was it cut off?",
  );
}

/** The numbers in C order. */
function inOrder<Data extends NpyData>(data: Data, { shape, isFortranOrder }: NpyHeader): Data {
  if (!isFortranOrder) return data;
  const ordered = data.slice();
  const places = new FortranPlaces(shape);
  for (let index = 0; index < data.length; index++) ordered[places.next()] = data[index] ?? 0;
  return ordered as Data;
}

/** The places in C order of the numbers of an array in Fortran order, one after the other. */
export class FortranPlaces {
  readonly #shape: readonly number[];
  readonly #strides: readonly number[];
  readonly #index: number[];
  #place = 0;

  /** Begins with the first number. */
  constructor(shape: readonly number[]) {
    this.#shape = shape;
    this.#strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
    this.#index = shape.map(() => 0);
  }

  /** The place of the next number. */
  next(): number {
    const place = this.#place;
    for (let axis = 0; axis < this.#index.length; axis++) {
      const index = (this.#index[axis] ?? 0) + 1;
      const stride = this.#strides[axis] ?? 0;
      if (index < (this.#shape[axis] ?? 0)) {
        this.#index[axis] = index;
        this.#place += stride;
        break;
      }
      this.#index[axis] = 0;
      this.#place -= (index - 1) * stride;
    }
    return place;
  }
}

/**
 * Floats of a file as float32 numbers, in the order of the file.
 *
 * @param bytes those of the numbers, which must start at the beginning of their buffer. They may be changed.
 * @throws {RangeError} if the file holds no floats.
 */
export function npyFloats(
  bytes: Uint8Array<ArrayBuffer>,
  { dtype, isBigEndian }: Pick<NpyHeader, "dtype" | "isBigEndian">,
): Float32Array<ArrayBuffer> {
  if (isBigEndian) swapBytes(bytes, npyElementBytes[dtype]);
  if (dtype === "f4") return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  if (dtype === "f8") return Float32Array.from(new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8));
  if (dtype !== "f2") throw new RangeError(`Numbers of type ${dtype} are no floats`);
  return Float32Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2), halfToNumber);
}

/** Turns the bytes of each element round. */
function swapBytes(bytes: Uint8Array, width: number): void {
  for (let start = 0; start < bytes.length; start += width) bytes.subarray(start, start + width).reverse();
}

/**
 * Reads the header from the first bytes of a file ({@link NPY_HEADER_BYTES} are enough).
 *
 * @param source the file's name, for messages.
 * @param types the types that are taken. Default: all that can be read.
 * @throws {Error} if it is not a .npy file of version 1 to 3, or its type is another.
 */
export function readNpyHeader(
  bytes: Uint8Array,
  source = "the array",
  types: readonly NpyFileType[] = allTypes,
): NpyHeader {
  if (bytes.length < 12 || !magic.every((byte, index) => bytes[index] === byte)) {
    throw new Error(`Cannot read ${source}: it is no .npy file`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(6);
  if (version < 1 || version > 3) throw new Error(`Cannot read ${source}: .npy version ${version} is unknown`);
  const start = version === 1 ? 10 : 12;
  const dataOffset = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataOffset > bytes.length) {
    const reason = dataOffset > NPY_HEADER_BYTES ? `is longer than ${NPY_HEADER_BYTES} bytes` : "was cut off";
    throw new Error(`Cannot read ${source}: its header ${reason}`);
  }
  const text = new TextDecoder().decode(bytes.subarray(start, dataOffset));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sides = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || sides === undefined || !/^[\d\s,]*$/.test(sides)) {
    throw new Error(`Cannot read ${source}: its header is not understood: ${shortText(text.trim())}`);
  }
  const shape = sides.split(",").filter((side) => side.trim() !== "").map(Number);
  if (shape.length > maxSides) throw new Error(`Cannot read ${source}: it has ${shape.length} sides`);
  const dtype = types.find((type) => type === descr.slice(1));
  const byteOrder = descr[0] ?? "";
  if (dtype === undefined || !(dtype === "u1" ? "<>=|" : "<>=").includes(byteOrder)) {
    throw new Error(`Cannot read ${source}: its numbers are of type ${shortText(descr)}, expected ${types.join(", ")}`);
  }
  return { shape, dtype, isBigEndian: byteOrder === ">", isFortranOrder: order === "True", dataOffset };
}

/** The most sides that NumPy gives an array. */
const maxSides = 64;

/** The numbers in `bytes`, which must start at the beginning of their buffer. No copy. */
function npyData(bytes: Uint8Array<ArrayBuffer>, dtype: NpyType): NpyData {
  const { buffer, byteOffset } = bytes;
  const count = Math.floor(bytes.length / npyElementBytes[dtype]);
  switch (dtype) {
    case "f4":
      return new Float32Array(buffer, byteOffset, count);
    case "f8":
      return new Float64Array(buffer, byteOffset, count);
    case "u1":
      return new Uint8Array(buffer, byteOffset, count);
    case "i4":
      return new Int32Array(buffer, byteOffset, count);
    case "u4":
      return new Uint32Array(buffer, byteOffset, count);
    case "i8":
      return new BigInt64Array(buffer, byteOffset, count);
  }
}

/**
 * The bytes of a file, the same that `numpy.save` writes.
 *
 * @throws {RangeError} where the shape has another number of elements than `data`.
 */
export function writeNpy(shape: readonly number[], data: NpyData): Uint8Array<ArrayBuffer> {
  const count = shape.reduce((product, side) => product * side, 1);
  if (count !== data.length) {
    throw new RangeError(`Cannot write an array of [${shape.join(", ")}]: ${data.length} numbers were given`);
  }
  const header = npyHeaderBytes(shape, typeOf(data));
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length);
  return bytes;
}

/** What stands before the numbers of an array of this shape and type; for files that are written in pieces. */
export function npyHeaderBytes(shape: readonly number[], dtype: NpyType): Uint8Array<ArrayBuffer> {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const descr = `${dtype === "u1" ? "|" : "<"}${dtype}`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sides}), }`;
  // Spaces up to a newline make the numbers start at a multiple of 64 bytes.
  const dataOffset = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(dataOffset);
  bytes.set(magic);
  bytes[6] = 1;
  new DataView(bytes.buffer).setUint16(8, dataOffset - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(dataOffset - 11)}\n`), 10);
  return bytes;
}

/** 0x93, then "NUMPY". */
const magic: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

function typeOf(data: NpyData): NpyType {
  if (data instanceof Float32Array) return "f4";
  if (data instanceof Float64Array) return "f8";
  if (data instanceof Uint8Array) return "u1";
  if (data instanceof Int32Array) return "i4";
  return data instanceof Uint32Array ? "u4" : "i8";
}
