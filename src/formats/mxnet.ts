/**
 * MXNet's `.params` files: a list of arrays, then a list of their names. The headers of arrays changed three times; all
 * four kinds are read.
 *
 * Source: `src/ndarray/ndarray.cc` (`NDArray::Save`, `NDArray::Load`, `NDArray::LegacyLoad`, `LegacyTShapeLoad`) of
 * <https://github.com/apache/mxnet>.
 *
 * @module
 */

import { ByteReader } from "./byte_reader.ts";
import {
  elementBytes,
  elementCount,
  type ElementType,
  type ForeignTensors,
  type StoredTensor,
  storedTensor,
} from "./stored_tensor.ts";
import { shortText } from "./validation.ts";

/** First words of arrays since 0.10, 1.0, and with NumPy's shapes. Before, an array began with its number of sides. */
const headers: Readonly<Record<number, "V1" | "V2" | "V3">> = {
  0xf993fac8: "V1",
  0xf993fac9: "V2",
  0xf993faca: "V3",
};

/** Element types by their numbers. */
const elementTypes: readonly ElementType[] = ["f32", "f64", "f16", "u8", "i32", "i8", "i64"];

/** What storage other than dense ones is called. */
const storageNames: Readonly<Record<number, string>> = { 1: "row_sparse", 2: "csr" };

const maxSides = 32;
/** More arrays than any network has. */
const maxArrays = 100_000;

/** The first number of a list of arrays, 0x112, in 8 bytes. */
const listMagic: readonly number[] = [0x12, 1, 0, 0, 0, 0, 0, 0];

/** Whether a file begins as `.params` files do. A safetensors file may, so ask for that first. */
export function isMxnet(bytes: Uint8Array): boolean {
  return listMagic.every((byte, index) => bytes[index] === byte);
}

/**
 * Reads a `.params` file. Its names keep what MXNet puts before them: `arg:` for parameters, `aux:` for running
 * statistics. Of a file without names, the arrays are called by their places: `0`, `1`, …
 *
 * @param source the file's name, for messages.
 * @throws {Error} naming the file, the byte and what was found there.
 */
export function readMxnet(bytes: Uint8Array<ArrayBuffer>, source: string): ForeignTensors {
  const reader = new ByteReader(bytes, source);
  if (!isMxnet(bytes)) throw reader.error("no MXNet list begins, which starts with 0x112");
  reader.skip(8, "the magic number");
  const reserved = reader.u64("the reserved word");
  if (reserved !== 0) throw reader.error(`the reserved word is ${reserved}, expected 0`, 8);
  const count = countOf(reader, "arrays");
  const arrays = Array.from({ length: count }, (_, index) => readArray(reader, index));
  const names = readNames(reader, count);
  if (reader.left > 0) throw reader.error(`${reader.left} bytes follow the last name. Something was appended`);
  const tensors = new Map<string, StoredTensor>();
  const empty: string[] = [];
  for (const [index, array] of arrays.entries()) {
    const name = names?.[index] ?? `${index}`;
    if (array === null) empty.push(name);
    else tensors.set(name, stored(bytes, array, `Cannot read ${source}: array ${shortText(name)}`));
  }
  const notes = [
    ...(names === null && count > 0 ? ["its arrays have no names"] : []),
    ...(empty.length > 0 ? [`${empty.length} of its arrays hold nothing, ${shortText(empty[0] ?? "")} first`] : []),
  ];
  return {
    ...{ container: "MXNet params", tensors, metadata: {} },
    ...(notes.length === 0 ? {} : { note: notes.join("; ") }),
  };
}

/** An array's header, and where its elements begin. */
interface ArrayHeader {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  readonly start: number;
  readonly byteLength: number;
}

function stored(bytes: Uint8Array<ArrayBuffer>, array: ArrayHeader, where: string): StoredTensor {
  const { shape, dtype, start, byteLength } = array;
  return storedTensor({ shape, dtype, where, bytes: () => bytes.subarray(start, start + byteLength) });
}

function countOf(reader: ByteReader, what: string): number {
  const place = reader.place;
  const count = reader.u64(`the number of ${what}`);
  // The smallest array has a word, the smallest name its length.
  if (count > maxArrays || count * 4 > reader.left) {
    throw reader.error(`the number of ${what} is ${count}, with ${reader.left} bytes left. The file is damaged`, place);
  }
  return count;
}

/** The next array; `null` for one that holds nothing. */
function readArray(reader: ByteReader, index: number): ArrayHeader | null {
  const what = `array ${index}`;
  const place = reader.place;
  const word = reader.u32(`the header of ${what}`);
  const version = headers[word] ?? "first";
  if (version === "first" && word > maxSides) {
    throw reader.error(`${what} begins with 0x${word.toString(16)}, which no array's header does`, place);
  }
  if (version === "V2" || version === "V3") {
    const storage = reader.i32(`the storage type of ${what}`);
    if (storage !== 0) {
      const name = storageNames[storage] ?? "unknown";
      throw reader.error(
        `${what} has the storage type ${storage} (${name}); only dense arrays (0) are read`,
        place + 4,
      );
    }
  }
  const shape = readShape(reader, what, version, word);
  if (shape === null) return null;
  reader.skip(8, `the device of ${what}`);
  const type = reader.i32(`the type of ${what}`);
  const dtype = elementTypes[type];
  if (dtype === undefined) {
    throw reader.error(`${what} has elements of type ${type}; 0 (f32) to 6 (i64) are read`, reader.place - 4);
  }
  const byteLength = elementCount(shape) * elementBytes(dtype);
  return { shape, dtype, start: reader.skip(byteLength, `${what} [${shape.join(", ")}] of ${dtype}`), byteLength };
}

/** The sides of an array; `null` where it has none, so that nothing follows. */
function readShape(
  reader: ByteReader,
  what: string,
  version: "first" | "V1" | "V2" | "V3",
  word: number,
): readonly number[] | null {
  const place = reader.place;
  const sides = version === "first" ? word : reader.u32(`the number of sides of ${what}`);
  // With NumPy's shapes, no sides are one number, and −1 sides are nothing.
  if (version === "V3" ? sides === 0xffffffff : sides === 0) return null;
  if (sides > maxSides) throw reader.error(`${what} has ${sides} sides, at most ${maxSides} are read`, place);
  return Array.from({ length: sides }, (_, index) => {
    const at = reader.place;
    const side = version === "first" ? reader.u32(`side ${index} of ${what}`) : reader.i64(`side ${index} of ${what}`);
    // Before NumPy's shapes, a side of 0 was one that is not known yet.
    if (side < (version === "V3" ? 0 : 1)) throw reader.error(`side ${index} of ${what} is ${side}`, at);
    return side;
  });
}

/** The arrays' names; `null` where the file has none. */
function readNames(reader: ByteReader, count: number): readonly string[] | null {
  const place = reader.place;
  const names = countOf(reader, "names");
  if (names === 0) return null;
  if (names !== count) throw reader.error(`${names} names follow ${count} arrays`, place);
  const known = new Set<string>();
  for (let index = 0; index < names; index++) {
    const at = reader.place;
    const length = reader.u64(`the length of name ${index}`);
    const name = reader.text(length, `name ${index}`);
    if (known.has(name)) throw reader.error(`the name ${shortText(name)} is given a second time`, at);
    known.add(name);
  }
  return [...known];
}
