/**
 * Tensors as files hold them: the types of their elements, and how the elements become numbers.
 *
 * @module
 */

import { halfToNumber } from "./half.ts";

/** Values of a tensor in the order of its shape, as files have them. */
export interface ParameterValues {
  /** Shape as in PyTorch. */
  readonly shape: readonly number[];
  /** The numbers, row by row. */
  readonly values: Float32Array;
}

/** Types of elements that become numbers. */
export type ElementType =
  | "f16"
  | "bf16"
  | "f32"
  | "f64"
  | "bool"
  | "i8"
  | "u8"
  | "i16"
  | "u16"
  | "i32"
  | "u32"
  | "i64"
  | "u64";

/** A tensor of a file of any kind. Nothing of it is decoded or copied before it is asked for. */
export interface StoredTensor extends ParameterValues {
  /** Type of the stored elements. `other`: a type that is not read, such as 8-bit floats. */
  readonly dtype: ElementType | "other";
  /** The type as the file names it, for messages. */
  readonly typeName: string;
  /**
   * The elements as float32 numbers, made when they are first asked for. They may lie in the file's own bytes, so do not
   * change them. Doubles and integers of 32 and 64 bits are rounded.
   *
   * @throws {Error} where the type is `other`.
   */
  readonly values: Float32Array<ArrayBuffer>;
  /** The elements as they are stored, little-endian, row by row. They may lie in the file's own bytes: do not change them. */
  bytes(): Uint8Array<ArrayBuffer>;
}

/** A file of tensors by name, whatever wrote it. */
export interface ForeignTensors {
  /** What kind of file it is, in words, such as `PyTorch zip`. */
  readonly container: string;
  /** The tensors by name. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Texts about the file, where its kind has them. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What of the file was taken and what was left out, in words; absent where the file holds only tensors. */
  readonly note?: string;
}

/** A tensor of bytes that are made when asked for. */
export interface TensorParts {
  /** Shape. */
  readonly shape: readonly number[];
  /** Type of the elements. */
  readonly dtype: ElementType | "other";
  /** The type as the file names it; default: `dtype` in capitals. */
  readonly typeName?: string;
  /** The elements, little-endian, row by row. */
  readonly bytes: () => Uint8Array<ArrayBuffer>;
  /** The tensor in messages, such as `Cannot read a.pth: tensor "b"`. */
  readonly where: string;
}

/** A tensor of these parts. */
export function storedTensor(
  { shape, dtype, typeName = dtype.toUpperCase(), bytes, where }: TensorParts,
): StoredTensor {
  let decoded: Float32Array<ArrayBuffer> | undefined;
  return {
    ...{ shape, dtype, typeName, bytes },
    get values() {
      if (dtype === "other") throw new Error(`${where} has the type ${typeName}, which is not read`);
      return decoded ??= decodeElements(bytes(), dtype);
    },
  };
}

/**
 * The same elements in another shape.
 *
 * @throws {RangeError} where the shape holds another number of elements.
 */
export function reshaped(tensor: StoredTensor, shape: readonly number[]): StoredTensor {
  const count = elementCount(tensor.shape);
  if (elementCount(shape) !== count) {
    throw new RangeError(`Cannot reshape a tensor [${tensor.shape.join(", ")}] to [${shape.join(", ")}]`);
  }
  const { dtype, typeName } = tensor;
  return {
    ...{ shape, dtype, typeName, bytes: () => tensor.bytes() },
    get values() {
      return tensor.values;
    },
  };
}

/** How many elements a shape has. Above 2^53 the number is not exact, but it is too large anyway. */
export function elementCount(shape: readonly number[]): number {
  // Of a shape such as [0, 2^53] no number is left.
  return shape.includes(0) ? 0 : shape.reduce((product, side) => product * side, 1);
}

/** Whether float32 numbers cannot hold all values of a type, so that reading may round. */
export function isRounded(dtype: ElementType | "other"): boolean {
  return ["f64", "i32", "u32", "i64", "u64"].includes(dtype);
}

/** A shape in a message. */
export function shapeText(shape: readonly number[]): string {
  return shape.length > 8 ? `[${shape.slice(0, 8).join(", ")}, …]` : `[${shape.join(", ")}]`;
}

/** The types of elements: bytes of an element, and how one is read. */
const elementTypes: Readonly<
  Record<ElementType, { readonly bytes: number; readonly read: (data: DataView, offset: number) => number }>
> = {
  f16: { bytes: 2, read: (data, offset) => halfToNumber(data.getUint16(offset, true)) },
  bf16: { bytes: 2, read: (data, offset) => bfloatToNumber(data.getUint16(offset, true)) },
  f32: { bytes: 4, read: (data, offset) => data.getFloat32(offset, true) },
  f64: { bytes: 8, read: (data, offset) => data.getFloat64(offset, true) },
  bool: { bytes: 1, read: (data, offset) => data.getUint8(offset) },
  i8: { bytes: 1, read: (data, offset) => data.getInt8(offset) },
  u8: { bytes: 1, read: (data, offset) => data.getUint8(offset) },
  i16: { bytes: 2, read: (data, offset) => data.getInt16(offset, true) },
  u16: { bytes: 2, read: (data, offset) => data.getUint16(offset, true) },
  i32: { bytes: 4, read: (data, offset) => data.getInt32(offset, true) },
  u32: { bytes: 4, read: (data, offset) => data.getUint32(offset, true) },
  i64: { bytes: 8, read: (data, offset) => Number(data.getBigInt64(offset, true)) },
  u64: { bytes: 8, read: (data, offset) => Number(data.getBigUint64(offset, true)) },
};

/** Whether a text names a type whose elements become numbers. */
export function isElementType(text: string): text is ElementType {
  return Object.hasOwn(elementTypes, text);
}

/** Bytes of an element. */
export function elementBytes(dtype: ElementType): number {
  return elementTypes[dtype].bytes;
}

/** The elements as numbers: floats that lie well are taken where they are. */
function decodeElements(bytes: Uint8Array<ArrayBuffer>, dtype: ElementType): Float32Array<ArrayBuffer> {
  const { bytes: width, read } = elementTypes[dtype];
  if (dtype === "f32") {
    const placed = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    return new Float32Array(placed.buffer, placed.byteOffset, placed.length / 4);
  }
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(bytes.length / width);
  for (let index = 0; index < values.length; index++) values[index] = read(data, index * width);
  return values;
}

/** A number of which the upper half of its float32 bits is stored. */
function bfloatToNumber(bits: number): number {
  word[0] = bits << 16;
  return wordAsFloat[0] ?? NaN;
}

const word = new Uint32Array(1);
const wordAsFloat = new Float32Array(word.buffer);
