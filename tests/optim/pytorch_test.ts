/**
 * Five steps of each optimizer against what PyTorch computed. They are made twice, with a reset between. `crosswalk
 * doctor` runs the same cases.
 */

import { assertEquals } from "@std/assert";
import { optimizerCases } from "../../src/selftest/optimizer_cases.ts";
import { assertClose, testGpu } from "../ops/harness.ts";

for (const { kernel, name, run } of await optimizerCases()) {
  Deno.test(`${kernel}() matches PyTorch over five steps: ${name}`, async () => {
    const comparisons = await run(await testGpu());
    assertEquals(comparisons.length, 20);
    for (const { what, actual, expected, tolerance } of comparisons) assertClose(actual, expected, tolerance, what);
  });
}
