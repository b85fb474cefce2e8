/** Packed source sets: what is packed is read again, and what is none is refused by what is wrong. */

import { assertEquals, assertThrows } from "@std/assert";
import { packSource, readPackedSource } from "../../src/data/packed_source.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";

const size = { height: 2, width: 3 };
const packed = {
  classes: ["road", "a|b <c>"],
  palette: [[1, 2, 3], [4, 5, 6]] as const,
  ...{ size, count: 2 },
  images: Uint8Array.from({ length: 36 }, (_, index) => index),
  labels: Uint8Array.of(0, 1, 255, 0, 1, 1, 1, 1, 1, 0, 0, 255),
};

Deno.test("images and labels come back from a packed source set, with classes and colours", () => {
  const read = readPackedSource(packSource(packed), "set");
  assertEquals([read.count, read.size], [2, size]);
  assertEquals([read.classes, read.palette], [packed.classes, packed.palette.map((colour) => [...colour])]);
  const { pixels } = read.image(1);
  assertEquals([...pixels.subarray(0, 8)], [18, 19, 20, 255, 21, 22, 23, 255]);
  assertEquals([...read.labels(0).labels], [0, 1, 255, 0, 1, 1]);
});

Deno.test("what is no packed source set is refused", () => {
  assertThrows(() => packSource({ ...packed, count: 3 }), RangeError, "Cannot pack 3 images of 2×3");
  const weights = writeSafetensors(new Map([["w", { shape: [1], values: new Float32Array(1) }]]), {});
  assertThrows(
    () => readPackedSource(weights, "w.safetensors"),
    Error,
    "Cannot use w.safetensors as a packed source set",
  );
  const foreign = packSource({ ...packed, labels: new Uint8Array(12).fill(7) });
  assertThrows(() => readPackedSource(foreign, "set"), Error, "it has the label 7, and 2 classes");
});
