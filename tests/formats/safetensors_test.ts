import { assert, assertEquals, assertThrows } from "@std/assert";
import { readTensors } from "../../src/formats/read_tensors.ts";
import { readSafetensors, writeSafetensors, writeStoredSafetensors } from "../../src/formats/safetensors.ts";
import { isRounded, reshaped, storedTensor } from "../../src/formats/stored_tensor.ts";
import { joined } from "./files.ts";

/** A file of this header and `dataBytes` of numbers. */
function file(header: string, dataBytes: number[] = []): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + dataBytes.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(dataBytes, 8 + text.length);
  return bytes;
}

Deno.test("tensors and texts are read as they were written", () => {
  const tensors = new Map([
    ["a", { shape: [2, 3], values: Float32Array.of(1, -0, 2 ** -149, 3.5, -7, 1e38) }],
    ["empty", { shape: [0], values: new Float32Array() }],
    ["scalar", { shape: [], values: Float32Array.of(5) }],
  ]);
  const read = readSafetensors(writeSafetensors(tensors, { model: "m: é" }), "w");
  assertEquals(read.tensors, tensors);
  assertEquals(read.metadata, { format: "pt", model: "m: é" });
});

Deno.test("half precision is read exactly, subnormal numbers, infinities and NaN among them", () => {
  const halves = [0x3c00, 0xc000, 0x0001, 0x8000, 0x7bff, 0x7c00, 0x7e00];
  const header = `{"h": {"dtype": "F16", "shape": [${halves.length}], "data_offsets": [0, ${2 * halves.length}]}}`;
  const { tensors } = readSafetensors(file(header, halves.flatMap((bits) => [bits & 255, bits >> 8])), "w");
  assertEquals([...tensors.get("h")?.values ?? []], [1, -2, 2 ** -24, -0, 65504, Infinity, NaN]);
});

Deno.test("all halves become the same numbers in a large tensor and in small ones, and bfloat16 keeps its bits", () => {
  const bits = Uint8Array.from({ length: 2 ** 17 }, (_, index) => index % 2 === 0 ? (index / 2) & 255 : index >> 9);
  const read = (dtype: "f16" | "bf16", start: number, end: number) =>
    storedTensor({ shape: [(end - start) / 2], dtype, bytes: () => bits.subarray(start, end), where: "" }).values;
  const large = read("f16", 0, bits.length);
  for (const start of [0, 2 ** 13, 2 ** 16, 2 ** 17 - 2 ** 13]) {
    const small = read("f16", start, start + 2 ** 13);
    assertEquals(small, large.slice(start / 2, start / 2 + 2 ** 12));
  }
  const upper = new Uint32Array(read("bf16", 0, bits.length).buffer);
  assert(upper.every((word, index) => word === index * 65536));
});

Deno.test("a file that is damaged or of another kind is refused by a sentence that names it", () => {
  const entry = (more: string) => `{"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]${more}}}`;
  const shaped = (shape: string, dtype = "F32") =>
    `{"t": {"dtype": "${dtype}", "shape": ${shape}, "data_offsets": [0, 4]}}`;
  /** A header of tensors of one float at these places. */
  const tensors = (...places: [number, number][]) =>
    JSON.stringify(Object.fromEntries(
      places.map((place, index) => [`t${index}`, { dtype: "F32", shape: [1], data_offsets: place }]),
    ));
  const cases: [Uint8Array<ArrayBuffer>, string][] = [
    [new Uint8Array(3), "it is no safetensors file (3 bytes)"],
    [file("{}").subarray(0, 9), "The file was cut off"],
    [file(" {}"), "it is no safetensors file"],
    [longHeader(), "it is no safetensors file"],
    [file("{\xff}"), "it is not JSON"],
    [notUtf8(), "its header is no UTF-8 text"],
    [Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0), "it is a zip archive, as torch.save writes"],
    [Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9), "it is a Python pickle"],
    [joined(""), "it is no safetensors file (0 bytes)"],
    [joined("\x93NUMPY\x01\0v\0"), "it is a .npy file. Save the weights as safetensors"],
    [joined("\x89HDF\r\n\x1a\n"), "it is an HDF5 file, as Keras writes (.h5)"],
    [joined("GGUF\x03\0\0\0"), "it is a GGUF file"],
    [joined("\x1f\x8b\x08\0"), "it is a gzip archive. Unpack it first"],
    [joined("version https://git-lfs.github.com/spec/v1\noid "), "Fetch it with git lfs pull"],
    [joined("\n<!DOCTYPE html><html>"), "it is a web page, as a failed download leaves"],
    [file("{ "), "it is not JSON"],
    [file("null"), "it is no safetensors file"],
    [file("[1]"), "it is no safetensors file"],
    [file('{"t": 5}'), 'key "t": found 5, expected Object'],
    [file('{"t": {"dtype": "F32", "shape": [1]}}'), 'key "t.data_offsets": it is missing'],
    [file('{"__metadata__": {"model": 3}}'), 'key "__metadata__.model": found 3, expected string'],
    [file(entry("")), "its tensors take 4 bytes, it has 0. The file was cut off"],
    [file(entry(""), [0, 0, 0, 0, 0]), "its tensors take 4 bytes, it has 5. Something was appended"],
    [
      file(tensors([0, 4], [8, 12]), new Array(12).fill(0)),
      'tensor "t1" begins at byte 8 of the data, the tensors before',
    ],
    [file(tensors([0, 4], [2, 6]), new Array(6).fill(0)), 'tensor "t1" begins at byte 2'],
    [file(tensors([0, 4], [0, 4]), new Array(4).fill(0)), 'tensor "t1" begins at byte 0'],
    [file(tensors([4, 8]), new Array(8).fill(0)), 'tensor "t0" begins at byte 4'],
    [file(tensors([4, 0]), new Array(4).fill(0)), 'tensor "t0" begins at byte 4'],
    [file(tensors([0, 8]), new Array(8).fill(0)), 'tensor "t0" [1] of F32 takes 4 bytes, the header gives it 8'],
    [file(entry(', "shape": [9007199254740991, 9007199254740991]')), 'it has the key "shape" twice'],
    [file(shaped("[9007199254740991, 9007199254740991]"), [0, 0, 0, 0]), "takes 3.2"],
    [
      file(
        '{"t": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}, "\\u0074": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}',
      ),
      'it has the key "t" twice',
    ],
    [file('{"__metadata__": {"a": "1", "b": "a", "a": "2"}}'), 'it has the key "a" twice'],
    [file(shaped("[-1]"), [0, 0, 0, 0]), 'key "t.shape.0": found -1'],
    [file(shaped("[1]", "f 4"), [0, 0, 0, 0]), 'tensor "t" has the type "f 4", which is no type\'s name'],
    [file(shaped("[1]", "F16"), [0, 0, 0, 0]), 'tensor "t" [1] of F16 takes 2 bytes, the header gives it 4'],
  ];
  for (const [bytes, sentence] of cases) {
    const { message } = assertThrows(() => readSafetensors(bytes, "w.safetensors"), Error);
    assert(message.includes("w.safetensors") && message.includes(sentence), `"${message}" lacks "${sentence}"`);
  }
});

Deno.test("tensors are read in the order of their bytes, whatever the order of the header", () => {
  const entry = (place: number) => ({ dtype: "U8", shape: [1], data_offsets: [place, place + 1] });
  const { tensors } = readSafetensors(file(JSON.stringify({ second: entry(1), first: entry(0) }), [7, 9]), "w");
  assertEquals([...tensors].map(([name, { values }]) => [name, values[0]]), [["first", 7], ["second", 9]]);
});

Deno.test("every integer type and bfloat16 become the numbers that they hold", () => {
  const cases: [string, number[], number][] = [
    ["BF16", [0x20, 0xc0], -2.5],
    ["BOOL", [1], 1],
    ["I8", [0xff], -1],
    ["U8", [0xff], 255],
    ["I16", [0xfe, 0xff], -2],
    ["U16", [0xfe, 0xff], 65534],
    ["I32", [0xfd, 0xff, 0xff, 0xff], -3],
    ["U32", [0, 0, 0, 0x80], 2 ** 31],
    ["I64", [0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -4],
    ["U64", [5, 0, 0, 0, 0, 0, 0, 0], 5],
    ["F64", [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], 1.5],
  ];
  for (const [dtype, data, value] of cases) {
    const header = JSON.stringify({ t: { dtype, shape: [], data_offsets: [0, data.length] } });
    assertEquals([...readSafetensors(file(header, data), "w").tensors.get("t")?.values ?? []], [value], dtype);
  }
});

Deno.test("tensors of types that are not read are in no one's way: only their values are refused", () => {
  const entry = (dtype: string, start: number, end: number) => ({ dtype, shape: [2], data_offsets: [start, end] });
  const header = { "a": entry("F8_E4M3", 0, 2), "b": entry("F32", 2, 10), "c": entry("F4", 10, 11) };
  const bytes = file(JSON.stringify(header), [1, 2, 0, 0, 128, 63, 0, 0, 0, 64, 7]);
  const { tensors } = readSafetensors(bytes, "w.safetensors");
  assertEquals(tensors.get("b"), { shape: [2], values: Float32Array.of(1, 2) });
  const sentence = 'Cannot read w.safetensors: tensor "a" has the type F8_E4M3, which is not read';
  assertThrows(() => tensors.get("a")?.values, Error, sentence);
  const { tensors: stored, container } = readTensors(bytes, "w.safetensors");
  assertEquals([container, ...[...stored.values()].map(({ dtype }) => dtype)], [
    "safetensors",
    "other",
    "f32",
    "other",
  ]);
  assertEquals([...stored.get("c")?.bytes() ?? []], [7]);
});

Deno.test("tensors are written with the types and the bits that they have", () => {
  const names = ["F16", "BF16", "F32", "F64", "I64", "BOOL", "F8_E5M2"];
  const widths = [2, 2, 4, 8, 8, 1, 1];
  let place = 0;
  const header = Object.fromEntries(names.map((dtype, index) => {
    const bytes = 3 * (widths[index] ?? 0);
    return [dtype.toLowerCase(), { dtype, shape: [3, 1], data_offsets: [place, place += bytes] }];
  }));
  const data = Array.from({ length: place }, (_, index) => (index * 37) & 255);
  const { tensors } = readTensors(file(JSON.stringify(header), data), "w");
  const again = readTensors(writeStoredSafetensors(tensors, { from: "w" }), "again");
  assertEquals(again.metadata, { format: "pt", from: "w" });
  assertEquals(
    [...again.tensors].map(([name, tensor]) => [name, tensor.typeName, tensor.shape, [...tensor.bytes()]]),
    [...tensors].map(([name, tensor]) => [name, tensor.typeName, tensor.shape, [...tensor.bytes()]]),
  );
  assertEquals([...tensors.values()].map(({ dtype }) => isRounded(dtype)), [0, 0, 0, 1, 1, 0, 0].map(Boolean));
});

Deno.test("a header whose length begins as a pickle or an MXNet file does is read", () => {
  for (const length of [0x112, 0x280, 0x380, 0x480, 0x580]) {
    const bytes = file(`{"__metadata__": {"a": "b"}}`.padEnd(length));
    assertEquals([readTensors(bytes, "w").container, readSafetensors(bytes, "w").metadata], ["safetensors", {
      a: "b",
    }]);
  }
});

Deno.test("a tensor's elements can stand in another shape of as many", () => {
  const { tensors } = readTensors(
    writeSafetensors(new Map([["t", { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) }]]), {}),
    "w",
  );
  const tensor = tensors.get("t");
  assert(tensor !== undefined);
  const other = reshaped(tensor, [4, 1, 1]);
  assertEquals([other.shape, [...other.values], other.bytes()], [[4, 1, 1], [1, 2, 3, 4], tensor.bytes()]);
  assertThrows(() => reshaped(tensor, [3]), RangeError, "[2, 2] to [3]");
});

Deno.test("a hostile header of a megabyte is refused at once, in a short sentence", () => {
  const many = `{"t": {"dtype": "F32", "shape": [${"-1,".repeat(500_000)}-1], "data_offsets": [0, 0]}}`;
  const named = `{"${"x".repeat(1_000_000)}": 5}`;
  const deep = `{"t": ${"[".repeat(500_000)}${"]".repeat(500_000)}}`;
  for (const header of [many, named, deep]) {
    const start = performance.now();
    const { message } = assertThrows(() => readSafetensors(file(header), "w.safetensors"), Error);
    assert(message.length < 400, `${message.length} characters`);
    assert(performance.now() - start < 2000, `${performance.now() - start} ms`);
  }
});

/** A file that claims a header longer than the reference implementation takes. */
function longHeader(): Uint8Array<ArrayBuffer> {
  const bytes = file("{}");
  new DataView(bytes.buffer).setBigUint64(0, 100_000_001n, true);
  return bytes;
}

function notUtf8(): Uint8Array<ArrayBuffer> {
  const bytes = file('{"a": "b"}');
  bytes[11] = 0xff;
  return bytes;
}
