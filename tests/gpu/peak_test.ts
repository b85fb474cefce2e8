import { assertEquals } from "@std/assert";
import { Gpu } from "../../src/gpu/gpu.ts";

Deno.test("resetPeak() forgets what was live before", async () => {
  using gpu = await Gpu.open();
  gpu.destroyBuffer(gpu.createBuffer(4096, "gone"));
  const small = gpu.createBuffer(64, "small");
  assertEquals(gpu.peakBytes, 4096);
  gpu.resetPeak();
  assertEquals(gpu.peakBytes, 64);
  gpu.destroyBuffer(small);
});
