import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import nonFinite from "../../shaders/metrics/non_finite.wgsl" with { type: "text" };
import { OutOfBudgetError } from "../../src/errors.ts";
import { Gpu } from "../../src/gpu/gpu.ts";

const kind = () => ({ software: true });

Deno.test("a buffer that is larger than the adapter's buffers can be is refused by its name", async () => {
  using gpu = await Gpu.open({ kind, defaultLimits: true });
  assertThrows(
    () => gpu.createBuffer(gpu.maxBufferBytes + 1, "parameters 0"),
    OutOfBudgetError,
    'Cannot allocate "parameters 0": it takes 268435472 bytes, this adapter has buffers of at most 268435456',
  );
  assertEquals(gpu.allocatedBytes, 0);
});

Deno.test("a launch binds no more bytes than the limit that the device was opened with", async () => {
  using gpu = await Gpu.open({ kind, maxBindingBytes: 512 });
  const [values, counter] = [gpu.createBuffer(1024, "values"), gpu.createBuffer(4, "counter")];
  const dispatch = (size: number) =>
    gpu.dispatch(
      { name: "metrics/non_finite", text: nonFinite },
      { VALUES: size / 4 },
      [{ buffer: values, offset: 0, size }, counter],
      [1, 1, 1],
    );
  await dispatch(512);
  await assertRejects(() => dispatch(528), RangeError, "binds 528 bytes at once, this adapter at most 512");
});
