import { assert, assertEquals, assertRejects } from "@std/assert";
import { measureKind } from "../../src/gpu/adapter_kind.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { deviceTraits } from "../../src/graph/program_plan.ts";

Deno.test("an adapter is measured to be what it says of itself, each time", async () => {
  for (let time = 0; time < 5; time++) {
    using gpu = await Gpu.open();
    const { software, ratio = NaN } = gpu.kind;
    assertEquals(software, gpu.info.isFallbackAdapter, `the ratio is ${ratio}`);
    assert(software ? ratio > 8 : ratio > 0 && ratio <= 8, `the ratio is ${ratio}`);
    assertEquals([gpu.allocatedBytes, gpu.peakBytes], [0, 0]);
  }
});

Deno.test("Gpu.open() takes a stated kind as it is, and programs follow it", async () => {
  for (const software of [true, false]) {
    using gpu = await Gpu.open({ kind: () => ({ software }) });
    assertEquals(gpu.kind, { software });
    assertEquals(deviceTraits(gpu).software, software);
  }
});

Deno.test("Gpu.open() lets its caller measure, and fails as that one does", async () => {
  let measured: unknown;
  using gpu = await Gpu.open({ kind: async (_adapter, measure) => measured = await measure() });
  assertEquals<unknown>(gpu.kind, measured);
  const kind = () => Promise.reject(new Error("no kind today"));
  await assertRejects(() => Gpu.open({ kind }), Error, "no kind today");
});

Deno.test("measureKind() finds the same by waiting, as on adapters without timestamps", async () => {
  using gpu = await Gpu.open();
  const { software, ratio } = await measureKind(gpu, false);
  assertEquals(software, gpu.kind.software, `the ratio is ${ratio}`);
});
