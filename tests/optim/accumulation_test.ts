import { assertEquals } from "@std/assert";
import { accumulationCase } from "../../src/selftest/accumulation_case.ts";
import { assertClose, testGpu } from "../ops/harness.ts";

Deno.test("accumulated gradients are the mean over the micro-batches, step after step", async () => {
  const comparisons = await accumulationCase.run(await testGpu());
  assertEquals(comparisons.length, 4);
  for (const { what, actual, expected, tolerance } of comparisons) assertClose(actual, expected, tolerance, what);
});
