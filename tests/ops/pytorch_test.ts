/**
 * Every op, forward and gradients, against what PyTorch computed (`tests/fixtures/make.py`).
 */

import { assert } from "@std/assert";
import { runSelfTest, selfTestCases, selfTestTolerance } from "../../bench/self_test.ts";
import { row } from "../../src/ops/arithmetic/row.ts";
import { batchNormStatistics } from "../../src/ops/norm/batch_norm_statistics.ts";
import { updateRunningStatistics } from "../../src/ops/norm/update_running_statistics.ts";
import { readCases } from "../fixture.ts";
import { assertClose, runGraph, testGpu } from "./harness.ts";

for (const fixture of selfTestCases()) {
  Deno.test(`${fixture.op}() matches PyTorch: ${fixture.name}`, async () => {
    const error = await runSelfTest(await testGpu(), fixture);
    assert(error <= selfTestTolerance, `error ${error}`);
  });
}

for (const fixture of readCases("batch_norm").filter(({ op }) => op === "batchNormTraining")) {
  Deno.test(`updateRunningStatistics() matches PyTorch: ${fixture.name}`, async () => {
    const running = ["mean", "variance"].map((name) => fixture.tensor(name).values);
    const { shape } = fixture.tensor("x");
    const [batch = 1, channels = 1, height = 1, width = 1] = shape;
    const values = [...running[0] ?? [], ...running[1] ?? []];
    const results = await runGraph({
      x: { shape, values: fixture.tensor("x").values },
      running: { shape: [2, channels], layout: "channels", values },
    }, ({ x, running }) => {
      const next = updateRunningStatistics(running, batchNormStatistics(x), { count: batch * height * width });
      return { mean: row(next, 0), variance: row(next, 1) };
    });
    for (const name of ["mean", "variance"]) {
      assertClose(results[name] ?? [], fixture.tensor(`running ${name}`).values, 1e-5, name);
    }
  });
}
