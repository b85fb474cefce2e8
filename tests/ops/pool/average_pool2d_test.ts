import { assertEquals } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { averagePool2d } from "../../../src/ops/pool/average_pool2d.ts";
import { poolGeometry } from "../../../src/ops/pool/geometry.ts";
import { averagePool2d as twin } from "../../twins/pool.ts";
import { checkOp } from "../harness.ts";
import { poolCases } from "./cases.ts";

for (const { name, input: shape, output, ...options } of poolCases) {
  for (const countPadding of [true, false]) {
    const padding = countPadding ? "counting the padding" : "without the padding";
    Deno.test(`averagePool2d() matches its definition and its gradient with ${name}, ${padding}`, async () => {
      const geometry = poolGeometry("averagePool2d", input("x", shape), options);
      assertEquals([geometry.outputHeight, geometry.outputWidth], output);
      await checkOp({
        inputs: { x: { shape } },
        op: ({ x }) => averagePool2d(x, { ...options, countPadding }),
        twin: ({ x }) => twin(x, { ...geometry, input: shape }, countPadding),
        gradientOf: ["x"],
      });
    });
  }
}
