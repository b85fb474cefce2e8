import { assert, assertEquals, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { readMxnet } from "../../src/formats/mxnet.ts";
import { readTensors } from "../../src/formats/read_tensors.ts";
import { testWithShared } from "../shared.ts";
import { f32, f64, joined, type Piece, u32, u64 } from "./files.ts";
import { cpu, i64s, mxnetArrays, mxnetList as list } from "./mxnet_lists.ts";

const [first, v1] = mxnetArrays;

Deno.test("arrays of all four headers are read, with their names", () => {
  const { container, tensors, note } = readTensors(
    list(mxnetArrays, ["arg:first", "arg:v1", "aux:v2", "plain"]),
    "a.params",
  );
  assertEquals([container, note], ["MXNet params", undefined]);
  assertEquals([...tensors].map(([name, { shape, dtype, values }]) => [name, shape, dtype, [...values]]), [
    ["arg:first", [1, 3], "f32", [1, 2, 3]],
    ["arg:v1", [3, 1], "f32", [4, 5, 6]],
    ["aux:v2", [2], "f64", [Math.fround(0.1), -7]],
    ["plain", [], "f32", [9]],
  ]);
  assertEquals(tensors.get("aux:v2")?.bytes(), joined(f64(0.1, -7)));
});

Deno.test("elements of every type become the numbers that they hold", () => {
  const types: [number, string, readonly number[], number][] = [
    [0, "f32", f32(-2.5), -2.5],
    [1, "f64", f64(1.5), 1.5],
    [2, "f16", [0, 0xc1], -2.5],
    [3, "u8", [255], 255],
    [4, "i32", u32(2 ** 32 - 3), -3],
    [5, "i8", [255], -1],
    [6, "i64", u64(2n ** 64n - 4n), -4],
  ];
  for (const [type, dtype, data, value] of types) {
    const { tensors } = readMxnet(list([joined(u32(0xf993fac9), u32(0), u32(1), i64s(1), cpu, u32(type), data)]), "a");
    const read = tensors.get("arg:a0");
    assertEquals([read?.dtype, ...read?.values ?? []], [dtype, value]);
  }
});

Deno.test("arrays that hold nothing are left out, and arrays without names are called by their places; both are said", () => {
  const none = [u32(0), joined(u32(0xf993fac8), u32(0)), joined(u32(0xf993fac9), u32(0), u32(0))].map((piece) =>
    joined(piece)
  );
  const unknown = joined(u32(0xf993faca), u32(0), u32(0xffffffff));
  const empty = joined(u32(0xf993faca), u32(0), u32(2), i64s(0, 5), cpu, u32(0));
  const { tensors, note } = readMxnet(list([...none, unknown, empty, first], []), "a.params");
  assertEquals([...tensors].map(([name, { shape }]) => [name, shape]), [["4", [0, 5]], ["5", [1, 3]]]);
  assertEquals(note, 'its arrays have no names; 4 of its arrays hold nothing, "0" first');
  assertEquals(readMxnet(list([]), "a.params").tensors.size, 0);
  // The product of these sides is beyond all numbers before it comes to the 0.
  const vast = [...Array<number>(20).fill(2 ** 60), 0];
  const array = joined(u32(0xf993faca), u32(0), u32(vast.length), i64s(...vast), cpu, u32(0));
  assertEquals(readMxnet(list([array, first]), "a.params").tensors.get("arg:a1")?.shape, [1, 3]);
});

Deno.test("what is damaged or not read is refused with the file, the byte and what was found there", () => {
  const head = (...pieces: readonly Piece[]) => joined(u64(0x112), ...pieces);
  const v2Of = (...pieces: readonly Piece[]) => list([joined(u32(0xf993fac9), ...pieces)]);
  const cases: [Uint8Array<ArrayBuffer>, string][] = [
    [head(u64(1), u64(0), u64(0)), "at byte 8, the reserved word is 1"],
    [head(), "at byte 8, the reserved word takes 8 bytes, 0 are left"],
    [head(u64(0), u64(1000), first), "at byte 16, the number of arrays is 1000"],
    [head(u64(0), u64(2 ** 40), first), "the number of arrays is 1099511627776"],
    [list([u32(33)]), "at byte 24, array 0 begins with 0x21"],
    [list([u32(0xf993facb)]), "array 0 begins with 0xf993facb"],
    [v2Of(u32(1)), "at byte 28, array 0 has the storage type 1 (row_sparse)"],
    [v2Of(u32(2)), "storage type 2 (csr)"],
    [v2Of(u32(0), u32(33)), "at byte 32, array 0 has 33 sides"],
    [v2Of(u32(0), u32(1), i64s(0)), "at byte 36, side 0 of array 0 is 0"],
    [v2Of(u32(0), u32(1), u64(2n ** 64n - 1n)), "side 0 of array 0 is -1"],
    [v2Of(u32(0), u32(1), i64s(1), cpu, u32(7)), "array 0 has elements of type 7"],
    [
      v2Of(u32(0), u32(1), i64s(2 ** 50), cpu, u32(0)),
      "array 0 [1125899906842624] of f32 takes 4503599627370496 bytes",
    ],
    [v2Of(u32(0), u32(2), i64s(2 ** 50, 2 ** 50), cpu, u32(0)), "of f32 takes 5.07"],
    [list([first, v1], ["a"]), "1 names follow 2 arrays"],
    [list([first, v1], ["arg:a", "arg:a"]), 'the name "arg:a" is given a second time'],
    [list([first], ["\xff"]), "name 0 is no UTF-8 text"],
    [joined(list([first]), [0]), "1 bytes follow the last name"],
    [list([first]).subarray(0, 50), "array 0 [1, 3] of f32 takes 12 bytes, 2 are left"],
    [list([first]).subarray(0, -1), "name 0 takes 6 bytes, 5 are left"],
  ];
  for (const [bytes, sentence] of cases) {
    const { message } = assertThrows(() => readTensors(bytes, "a.params"), Error);
    assert(message.includes("a.params") && message.includes(sentence), `"${message}" lacks "${sentence}"`);
  }
  assertThrows(() => readMxnet(joined("PK"), "a.params"), Error, "no MXNet list begins");
});

testWithShared("a real file of MXNet 0.x is read to its last byte", ["data/formats/mtcnn-det1.params"], (path) => {
  const { tensors } = readTensors(new Uint8Array(readFileSync(path)), path);
  const of = (name: string) => tensors.get(`arg:${name}`);
  assertEquals(tensors.size, 13);
  assertEquals([of("conv1_weight")?.shape, of("conv3_weight")?.shape], [[10, 3, 3, 3], [32, 16, 3, 3]]);
  for (const { values, dtype } of tensors.values()) {
    assertEquals(dtype, "f32");
    assert(values.every((value) => Math.abs(value) < 10) && values.some((value) => value !== 0));
  }
});
