import { assert, assertEquals, assertThrows } from "@std/assert";
import { NPY_HEADER_BYTES, type NpyData, readNpy, readNpyHeader, writeNpy } from "../../src/formats/npy.ts";
import { readFile } from "../../src/disk/files.ts";
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
  assertEquals(header, { shape: [100, 100], dtype: "f4", dataOffset: 128 });
});

Deno.test("files that cannot be used are refused by a sentence", () => {
  const good = writeNpy([2, 3], new Float32Array(6));
  const changed = (from: string, to: string) =>
    Uint8Array.from(new TextDecoder("latin1").decode(good).replace(from, to), (letter) => letter.charCodeAt(0) & 255);
  // TextDecoder("latin1") is windows-1252: the first byte of the file comes back changed.
  const file = (from: string, to: string) => changed(from, to).fill(0x93, 0, 1);
  assertEquals(readNpy(file("2, 3", "3, 2"), "a.npy").shape, [3, 2]);
  assertThrows(() => readNpy(file("False,", "True, "), "a.npy"), Error, "Fortran order");
  assertThrows(() => readNpy(file("<f4", ">f4"), "a.npy"), Error, "its type is >f4");
  assertThrows(() => readNpy(file("<f4", "<c8"), "a.npy"), Error, "its type is <c8");
  assertThrows(() => readNpy(good.subarray(0, good.length - 1), "a.npy"), Error, "Was it cut off?");
  assertThrows(() => readNpy(good.subarray(0, 60), "a.npy"), Error, "header was cut off");
  assertThrows(() => readNpy(new Uint8Array(100), "a.npy"), Error, "no .npy file");
  assertThrows(() => writeNpy([2, 2], new Float32Array(5)), RangeError, "5 numbers were given");
});

testWithShared("NumPy's own file is read", ["data/parity/logits_a.npy"], (path) => {
  const { shape, data } = readNpy(readFile(path), path);
  assertEquals(shape, [7, 30, 40]);
  assert(data instanceof Float32Array);
  assertEquals(writeNpy(shape, data), readFile(path));
});
