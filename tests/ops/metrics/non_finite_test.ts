import { assertEquals, assertThrows } from "@std/assert";
import { nonFiniteDispatch } from "../../../src/ops/metrics/non_finite.ts";
import { testGpu } from "../harness.ts";

/** Bits of f32: ±∞, quiet and signalling NaN of both signs. */
const notFinite = [0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff];
/** Zeros, denormals, ones, the largest finite values. */
const finite = [0, 0x80000000, 1, 0x807fffff, 0x3f800000, 0xbf800000, 0x7f7fffff, 0xff7fffff];

Deno.test("nonFiniteDispatch() counts infinities and NaN of every kind, and nothing else", async () => {
  assertEquals(await count(Uint32Array.from([...finite, ...notFinite]), 1), 6);
  assertEquals(await count(Uint32Array.from(finite), 1), 0);
});

Deno.test("nonFiniteDispatch() adds to what was counted before", async () => {
  assertEquals(await count(Uint32Array.from(notFinite), 3), 18);
});

for (const length of [1, 3, 5, 4096, 4097, 70_001]) {
  Deno.test(`nonFiniteDispatch() sees the first, a middle and the last of ${length} values, and none beyond`, async () => {
    for (const index of [0, length >> 1, length - 1]) {
      const bits = new Uint32Array(length);
      bits[index] = 0x7fc00000;
      assertEquals(await count(bits, 1), 1);
    }
  });
}

Deno.test("nonFiniteDispatch() refuses part of a value", async () => {
  const gpu = await testGpu();
  const buffer = gpu.createBuffer(16, "values");
  assertThrows(() => nonFiniteDispatch(gpu, { buffer, offset: 0, size: 6 }, buffer), RangeError, "6 bytes");
  gpu.destroyBuffer(buffer);
});

/** Runs the launch `times` times on a zeroed counter; the buffer is full of NaN after the values. */
async function count(bits: Uint32Array<ArrayBuffer>, times: number): Promise<number> {
  const gpu = await testGpu();
  const buffer = gpu.createBuffer(bits.byteLength, "values");
  const counter = gpu.createBuffer(4, "counter");
  gpu.write(buffer, new Uint32Array(buffer.size / 4).fill(0x7fc00000));
  gpu.write(buffer, bits);
  const dispatch = await nonFiniteDispatch(gpu, { buffer, offset: 0, size: bits.byteLength }, counter);
  for (let run = 0; run < times; run++) gpu.submit([dispatch]);
  const [bytes = new Uint8Array(4)] = await gpu.read({ buffer: counter, offset: 0, size: 4 });
  for (const used of [buffer, counter]) gpu.destroyBuffer(used);
  return new Uint32Array(bytes.buffer)[0] ?? NaN;
}
