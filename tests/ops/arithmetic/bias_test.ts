import { assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { bias } from "../../../src/ops/arithmetic/bias.ts";
import { channelSum } from "../../../src/ops/reduce/channel_sum.ts";
import { bias as twin, channelSum as twinSum } from "../../twins/bias.ts";
import { checkOp } from "../harness.ts";

for (const shape of [[3, 6, 5, 7], [1, 1, 1, 1], [2, 19, 13, 17], [1, 8, 1, 31]]) {
  Deno.test(`bias() matches its definition and its gradients on [${shape}]`, async () => {
    await checkOp({
      inputs: { x: { shape }, b: { shape: [shape[1] ?? 1], layout: "channels" } },
      op: ({ x, b }) => bias(x, b),
      twin: ({ x, b }) => twin(x, shape, b),
      gradientOf: ["x", "b"],
    });
  });
}

for (const shape of [[1, 5, 33, 31], [2, 300, 9, 9], [1, 3, 1, 1]]) {
  Deno.test(`channelSum() matches its definition on [${shape}]`, async () => {
    await checkOp({ inputs: { x: { shape } }, op: ({ x }) => channelSum(x), twin: ({ x }) => twinSum(x, shape) });
  });
}

Deno.test("bias() names both channel counts when they differ", () => {
  const x = input("x", [1, 5, 4, 4]);
  const b = input("b", [4], { layout: "channels" });
  assertThrows(() => bias(x, b), RangeError, "input has 5 channels, bias is [4]");
});
