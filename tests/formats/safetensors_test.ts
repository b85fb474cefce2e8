import { assert, assertEquals, assertThrows } from "@std/assert";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";

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

Deno.test("a file that is damaged or of another kind is refused by a sentence that names it", () => {
  const entry = (more: string) => `{"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]${more}}}`;
  const cases: [Uint8Array<ArrayBuffer>, string][] = [
    [new Uint8Array(3), "it is no safetensors file, or it was cut off (3 bytes)"],
    [file("{}").subarray(0, 9), "it was cut off"],
    [file("{ "), "it is not JSON"],
    [file("null"), "found null, expected Object"],
    [file('{"t": 5}'), 'key "t": found 5, expected Object'],
    [file('{"t": {"dtype": "F32", "shape": [1]}}'), 'key "t.data_offsets": it is missing'],
    [file('{"__metadata__": {"model": 3}}'), 'key "__metadata__.model": found 3, expected string'],
    [file(entry("")), 'tensor "t" [1] of F32 does not fit its 4 bytes, or the file was cut off'],
    [file(entry(', "shape": [-1]'), [0, 0, 0, 0]), 'key "t.shape.0": found -1'],
    [file(entry(', "dtype": "BF16"'), [0, 0, 0, 0]), 'tensor "t" has the unknown type BF16'],
  ];
  for (const [bytes, sentence] of cases) {
    const { message } = assertThrows(() => readSafetensors(bytes, "w.safetensors"), Error);
    assert(message.includes("w.safetensors") && message.includes(sentence), `"${message}" lacks "${sentence}"`);
  }
});
