import { assertEquals } from "@std/assert";
import { residualDeeplabLogits } from "../../src/nn/models/residual_deeplab.ts";
import {
  classes,
  forwardFlops,
  labels,
  parameterCount,
  parameters,
  runningStatistics,
  stepFlops,
} from "../../bench/reference_data.ts";
import { input } from "../../src/graph/tensor.ts";
import { collectParameters } from "../../src/nn/parameters.ts";

Deno.test("the reference workload has 3,706,732 parameters, 38.1 GFLOP forward and 114.3 in a step", () => {
  assertEquals(parameterCount, 3_706_732);
  assertEquals((forwardFlops / 1e9).toFixed(1), "38.1");
  assertEquals((stepFlops / 1e9).toFixed(1), "114.3");
  assertEquals(parameters().reduce((sum, { values }) => sum + values.length, 0), parameterCount);
});

Deno.test("the reference network asks for exactly the tensors of the reference data", () => {
  const declared = collectParameters((scope) =>
    residualDeeplabLogits(input("images", [2, 3, 256, 512]), scope, false, 19)
  );
  const shapes = (tensors: readonly { name: string; shape: readonly number[] }[]) =>
    Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]));
  assertEquals(shapes(declared), shapes([...parameters(), ...runningStatistics()]));
});

Deno.test("the reference labels hold every class and ignored squares", () => {
  const found = [...new Set(labels())].sort((a, b) => a - b);
  assertEquals(found, [...Array.from({ length: classes }, (_, id) => id), 255]);
});
