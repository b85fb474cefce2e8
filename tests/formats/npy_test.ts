import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  FortranPlaces,
  NPY_HEADER_BYTES,
  type NpyData,
  readNpy,
  readNpyHeader,
  writeNpy,
} from "../../src/formats/npy.ts";
import { NpyFile } from "../../src/disk/npy_files.ts";
import { readFile } from "../../src/disk/files.ts";
import { withFolder, write } from "../data/pictures.ts";
import { testWithShared } from "../shared.ts";

const arrays: readonly (readonly [number[], NpyData])[] = [
  [[2, 3], Float32Array.of(0, -1.5, Infinity, 1e-40, 3, 4)],
  [[3], Float64Array.of(Math.PI, -0, 1e300)],
  [[1, 1, 5], Uint8Array.of(0, 1, 2, 254, 255)],
  [[2], Int32Array.of(-(2 ** 31), 7)],
  [[2, 1], Uint32Array.of(2 ** 32 - 1, 7)],
  [[], BigInt64Array.of(-(2n ** 63n))],
  [[0, 4], new Float32Array(0)],
];

for (const [shape, data] of arrays) {
  Deno.test(`an array [${shape}] of ${data.constructor.name} is read as it was written`, () => {
    const read = readNpy(writeNpy(shape, data), "a.npy");
    assertEquals(read.shape, shape);
    assertEquals(read.data, data);
  });
}

Deno.test("the bytes written are those of numpy.save", () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  const text = `${header}${" ".repeat(117 - header.length)}\n`;
  const expected = [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, 118, 0, ...new TextEncoder().encode(text)];
  assertEquals([...writeNpy([2], Float32Array.of(1, 2))], [...expected, 0, 0, 128, 63, 0, 0, 0, 64]);
});

Deno.test("version 2 headers, and arrays that start at an odd byte, are read", () => {
  const first = writeNpy([3], Float32Array.of(1, 2, 3));
  const second = new Uint8Array(first.length + 3);
  second.set(first.subarray(0, 8), 1);
  second.set([2, 0, 118, 0, 0, 0], 7);
  second.set(first.subarray(10), 13);
  assertEquals(readNpy(second.subarray(1), "a.npy").data, Float32Array.of(1, 2, 3));
});

Deno.test("the header alone tells where the numbers are", () => {
  const header = readNpyHeader(writeNpy([100, 100], new Float32Array(10_000)).subarray(0, NPY_HEADER_BYTES));
  assertEquals(header, {
    ...{ shape: [100, 100], dtype: "f4", isBigEndian: false, isFortranOrder: false, dataOffset: 128 },
  });
});

Deno.test("files that cannot be used are refused by a sentence", () => {
  const good = writeNpy([2, 3], new Float32Array(6));
  const changed = (from: string, to: string) =>
    Uint8Array.from(new TextDecoder("latin1").decode(good).replace(from, to), (letter) => letter.charCodeAt(0) & 255);
  // TextDecoder("latin1") is windows-1252: the first byte of the file comes back changed.
  const file = (from: string, to: string) => changed(from, to).fill(0x93, 0, 1);
  assertEquals(readNpy(file("2, 3", "3, 2"), "a.npy").shape, [3, 2]);
  assertThrows(
    () => readNpy(file("<f4", "<c8"), "a.npy"),
    Error,
    'of type "<c8", expected f4, f8, f2, u1, i4, u4, i8',
  );
  assertThrows(() => readNpyHeader(file("<f4", "<i4"), "a.npy", ["f4"]), Error, 'of type "<i4", expected f4');
  assertThrows(() => readNpyHeader(longHeader(), "a.npy"), Error, "its header is longer than 4096 bytes");
  assertThrows(() => readNpy(good.subarray(0, good.length - 1), "a.npy"), Error, "Was it cut off?");
  assertThrows(() => readNpy(good.subarray(0, 60), "a.npy"), Error, "header was cut off");
  assertThrows(() => readNpy(new Uint8Array(100), "a.npy"), Error, "no .npy file");
  assertThrows(() => writeNpy([2, 2], new Float32Array(5)), RangeError, "5 numbers were given");
});

/** The bytes of a file of these numbers. */
function fileOf(descr: string, shape: string, numbers: ArrayLike<number>, isFortranOrder = false): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${isFortranOrder ? "True" : "False"}, 'shape': ${shape}, }`;
  const text = `${header.padEnd(117)}\n`;
  return Uint8Array.of(
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    118,
    0,
    ...new TextEncoder().encode(text),
    ...Array
      .from(numbers),
  );
}

/** The beginning of a file that claims a header of 100 MB. */
function longHeader(): Uint8Array {
  const bytes = fileOf("<f4", "(1,)", []);
  bytes.set([2, 0, 0, 0, 0, 6], 6);
  return bytes;
}

Deno.test("big-endian numbers and half floats are read as the numbers that they are", () => {
  const data = (descr: string, numbers: number[]) => readNpy(fileOf(descr, "(2,)", numbers), "a.npy").data;
  assertEquals(data(">f4", [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]), Float32Array.of(1, -2));
  assertEquals(data(">i4", [0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe]), Int32Array.of(1, -2));
  assertEquals(data("<f2", [0, 0x3c, 0, 0xc0]), Float32Array.of(1, -2));
  assertEquals(data(">f2", [0x3c, 0, 0xc0, 0]), Float32Array.of(1, -2));
  assertEquals(data("=u1", [1, 254]), Uint8Array.of(1, 254));
});

Deno.test("arrays in Fortran order are read in C order", () => {
  // [2, 3, 4] whose number at (i, j, k) is 100i + 10j + k.
  const numbers: number[] = [];
  for (let k = 0; k < 4; k++) {
    for (let j = 0; j < 3; j++) for (let i = 0; i < 2; i++) numbers.push(100 * i + 10 * j + k);
  }
  const wanted = [0, 1].flatMap((i) => [0, 1, 2].flatMap((j) => [0, 1, 2, 3].map((k) => 100 * i + 10 * j + k)));
  const read = readNpy(fileOf("|u1", "(2, 3, 4)", numbers, true), "a.npy");
  assertEquals([read.shape, [...read.data]], [[2, 3, 4], wanted]);
  assertEquals([...readNpy(fileOf("|u1", "()", [7], true), "a.npy").data], [7]);
});

Deno.test("a file gives any of its numbers as float32, whatever their type and order", () =>
  withFolder((folder) => {
    const values = Array.from({ length: 24 }, (_, index) => index / 8);
    const doubles = new Float64Array(24);
    const places = new FortranPlaces([2, 3, 4]);
    for (let index = 0; index < 24; index++) doubles[index] = values[places.next()] ?? 0;
    const path = `${folder}/a.npy`;
    write(path, fileOf("<f8", "(2, 3, 4)", new Uint8Array(doubles.buffer), true));
    using file = new NpyFile(path);
    assertEquals(file.floats(0, 24), Float32Array.from(values));
    assertEquals(file.floats(12, 12), Float32Array.from(values.slice(12)));
    write(path, fileOf("<i4", "(1,)", [1, 0, 0, 0]));
    assertThrows(() => new NpyFile(path), Error, 'of type "<i4", expected f4, f8, f2');
  }));

testWithShared("NumPy's own file is read", ["data/parity/logits_a.npy"], (path) => {
  const { shape, data } = readNpy(readFile(path), path);
  assertEquals(shape, [7, 30, 40]);
  assert(data instanceof Float32Array);
  assertEquals(writeNpy(shape, data), readFile(path));
});
