/**
 * NumPy's .npy format: one array of numbers, as `numpy.save` writes it. This works on bytes; src/disk/npy_files.ts
 * reads and writes files. The header can be read alone, so that a large file can be read in slices.
 *
 * Source: the format's definition, `numpy/lib/format.py`.
 *
 * @module
 */

/** Element types that are read and written, as NumPy names them without the byte order. */
export type NpyType = "f4" | "f8" | "u1" | "i4" | "u4" | "i8";

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
  readonly dtype: NpyType;
  /** Bytes before the first number. */
  readonly dataOffset: number;
}

/** An array, read. `data` has rows first (C order). */
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
export const npyElementBytes: Readonly<Record<NpyType, number>> = { f4: 4, f8: 8, u1: 1, i4: 4, u4: 4, i8: 8 };

/**
 * Reads an array. The numbers are copied, so that they do not keep the file's bytes alive.
 *
 * @param source the file's name, for messages.
 * @throws {Error} as {@link readNpyHeader}, or where the numbers do not fill the file to its end.
 */
export function readNpy(bytes: Uint8Array, source: string): NpyArray {
  const { shape, dtype, dataOffset } = readNpyHeader(bytes, source);
  const wanted = shape.reduce((product, side) => product * side, npyElementBytes[dtype]);
  if (bytes.length - dataOffset !== wanted) {
    throw new Error(
      `Cannot read ${source}: it has ${bytes.length - dataOffset} bytes of numbers, ` +
        `[${shape.join(", ")}] of ${dtype} takes ${wanted}. Was it cut off?`,
    );
  }
  return { shape, dtype, data: npyData(Uint8Array.from(bytes.subarray(dataOffset)), dtype) };
}

/**
 * Reads the header from the first bytes of a file ({@link NPY_HEADER_BYTES} are enough).
 *
 * @param source the file's name, for messages.
 * @throws {Error} if it is not a .npy file of version 1 to 3, its type is not one of {@link NpyType} in little-endian
 * order, or it is in Fortran order.
 */
export function readNpyHeader(bytes: Uint8Array, source = "the array"): NpyHeader {
  if (bytes.length < 12 || !magic.every((byte, index) => bytes[index] === byte)) {
    throw new Error(`Cannot read ${source}: it is no .npy file`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(6);
  if (version < 1 || version > 3) throw new Error(`Cannot read ${source}: .npy version ${version} is unknown`);
  const start = version === 1 ? 10 : 12;
  const dataOffset = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (dataOffset > bytes.length) throw new Error(`Cannot read ${source}: its header was cut off`);
  const text = new TextDecoder().decode(bytes.subarray(start, dataOffset));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sides = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || sides === undefined || !/^[\d\s,]*$/.test(sides)) {
    throw new Error(`Cannot read ${source}: its header is not understood: ${text.trim()}`);
  }
  if (order === "True") {
    throw new Error(`Cannot read ${source}: it is in Fortran order. Save numpy.ascontiguousarray of it`);
  }
  const shape = sides.split(",").filter((side) => side.trim() !== "").map(Number);
  return { shape, dtype: elementType(descr, source), dataOffset };
}

/** The numbers in `bytes`, which must start at the beginning of their buffer. No copy. */
export function npyData(bytes: Uint8Array<ArrayBuffer>, dtype: NpyType): NpyData {
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

function elementType(descr: string, source: string): NpyType {
  const dtype = descr.slice(1);
  if (!Object.hasOwn(npyElementBytes, dtype) || (descr[0] !== "<" && dtype !== "u1")) {
    const known = Object.keys(npyElementBytes).join(", ");
    throw new Error(`Cannot read ${source}: its type is ${descr}, expected one of ${known} in little-endian order`);
  }
  return dtype as NpyType;
}

function typeOf(data: NpyData): NpyType {
  if (data instanceof Float32Array) return "f4";
  if (data instanceof Float64Array) return "f8";
  if (data instanceof Uint8Array) return "u1";
  if (data instanceof Int32Array) return "i4";
  return data instanceof Uint32Array ? "u4" : "i8";
}
