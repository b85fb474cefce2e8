/**
 * Every op, forward and gradients, against what PyTorch computed: the cases that `crosswalk doctor` runs too.
 */

import { pytorchCases } from "../../src/selftest/pytorch_cases.ts";
import { assertClose, testGpu } from "./harness.ts";

for (const { kernel, name, run } of await pytorchCases()) {
  Deno.test(`${kernel}() matches PyTorch: ${name}`, async () => {
    for (const { what, actual, expected, tolerance } of await run(await testGpu())) {
      assertClose(actual, expected, tolerance, what);
    }
  });
}
