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
   * The elements as float32 numbers, made when they are first asked for. They may lie in the file's own bytes: do not
   * change them. Doubles and integers of 32 and 64 bits are rounded.
   *
   * @throws {Error} where the type is `other`.
   */
  readonly values: Float32Array<ArrayBuffer>;
  /** The elements as they are stored, little-endian, row by row. They may lie in the file's own bytes as well. */
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

/** Bytes of an element of each type. */
const widths: Readonly<Record<ElementType, number>> = {
  ...{ f16: 2, bf16: 2, f32: 4, f64: 8, bool: 1, i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, u32: 4, i64: 8, u64: 8 },
};

/** Whether a text names a type whose elements become numbers. */
export function isElementType(text: string): text is ElementType {
  return Object.hasOwn(widths, text);
}

/** Bytes of an element. */
export function elementBytes(dtype: ElementType): number {
  return widths[dtype];
}

/** The elements as numbers: floats that lie well are taken where they are. The machine is little-endian, as all are. */
function decodeElements(bytes: Uint8Array<ArrayBuffer>, dtype: ElementType): Float32Array<ArrayBuffer> {
  const { buffer, byteOffset } = bytes.byteOffset % widths[dtype] === 0 ? bytes : bytes.slice();
  const count = bytes.length / widths[dtype];
  switch (dtype) {
    case "f32":
      return new Float32Array(buffer, byteOffset, count);
    case "f16":
      return halfValues(new Uint16Array(buffer, byteOffset, count));
    case "bf16":
      return bfloatValues(new Uint16Array(buffer, byteOffset, count));
    case "f64":
      return new Float32Array(new Float64Array(buffer, byteOffset, count));
    case "bool":
    case "u8":
      return new Float32Array(new Uint8Array(buffer, byteOffset, count));
    case "i8":
      return new Float32Array(new Int8Array(buffer, byteOffset, count));
    case "i16":
      return new Float32Array(new Int16Array(buffer, byteOffset, count));
    case "u16":
      return new Float32Array(new Uint16Array(buffer, byteOffset, count));
    case "i32":
      return new Float32Array(new Int32Array(buffer, byteOffset, count));
    case "u32":
      return new Float32Array(new Uint32Array(buffer, byteOffset, count));
    case "i64":
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
    case "u64":
      return Float32Array.from(new BigUint64Array(buffer, byteOffset, count), Number);
  }
}

let halfTable: Float32Array | undefined;

function halfValues(bits: Uint16Array): Float32Array<ArrayBuffer> {
  // A table of all halves is worth its making above some thousands of them.
  if (bits.length > 2 ** 14) halfTable ??= Float32Array.from({ length: 2 ** 16 }, (_, index) => halfToNumber(index));
  const table = halfTable;
  const values = new Float32Array(bits.length);
  if (table === undefined) {
    for (let index = 0; index < bits.length; index++) values[index] = halfToNumber(bits[index] ?? 0);
  } else for (let index = 0; index < bits.length; index++) values[index] = table[bits[index] ?? 0] ?? 0;
  return values;
}

/** Numbers of which the upper halves of their float32 bits are stored. */
function bfloatValues(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(bits.length);
  for (let index = 0; index < bits.length; index++) words[index] = (bits[index] ?? 0) << 16;
  return new Float32Array(words.buffer);
}
