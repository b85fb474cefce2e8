import { assertEquals, assertStrictEquals } from "@std/assert";
import { activation, leakyRelu, relu, relu6 } from "../../../src/ops/activation/activation.ts";
import type { Activation } from "../../../src/ops/activation/kind.ts";
import { gradients } from "../../../src/ops/gradients.ts";
import { input, type Tensor } from "../../../src/graph/tensor.ts";
import { activation as twin, kinks } from "../../twins/activation.ts";
import { checkOp, randomValues, runGraph, size } from "../harness.ts";
import { seedAwayFromKinks } from "../kinks.ts";

const cases: { name: string; kind: Activation; op: (x: Tensor) => Tensor }[] = [
  { name: "relu()", kind: "relu", op: relu },
  { name: "relu6()", kind: "relu6", op: relu6 },
  { name: "leakyRelu()", kind: { leakyRelu: 0.01 }, op: (x) => leakyRelu(x) },
  { name: "leakyRelu() with slope 0.2", kind: { leakyRelu: 0.2 }, op: (x) => leakyRelu(x, 0.2) },
  { name: "leakyRelu() with a negative slope", kind: { leakyRelu: -0.5 }, op: (x) => leakyRelu(x, -0.5) },
];

for (const { name, kind, op } of cases) {
  Deno.test(`${name} matches its definition and its gradient`, async () => {
    const shape = [3, 6, 5, 7];
    const values = (seed: number) => randomValues(size(shape), "x", seed).map((value) => 4 * value);
    const seed = seedAwayFromKinks(kinks(kind), values);
    await checkOp({
      inputs: { x: { shape, values: values(seed) } },
      op: ({ x }) => op(x),
      twin: ({ x }) => twin(x, kind),
      gradientOf: ["x"],
    });
  });
}

Deno.test("activation() has PyTorch's derivative at the kinks", async () => {
  const x = { shape: [4], layout: "channels" as const, values: [0, -1, 6, 3] };
  const dy = { shape: [4], layout: "channels" as const, values: [1, 1, 1, 1] };
  const gradient = (x: Tensor, dy: Tensor, kind: Activation) => gradients(activation(x, kind), [x], dy)[0] ?? x;
  const results = await runGraph({ x, dy }, ({ x, dy }) => ({
    relu: gradient(x, dy, "relu"),
    relu6: gradient(x, dy, "relu6"),
    leaky: gradient(x, dy, { leakyRelu: 0.25 }),
  }));
  assertEquals(Array.from(results["relu"] ?? []), [0, 0, 1, 1]);
  assertEquals(Array.from(results["relu6"] ?? []), [0, 0, 0, 1]);
  assertEquals(Array.from(results["leaky"] ?? []), [0.25, 0.25, 1, 1]);
});

Deno.test("activation() of kind none is the tensor itself", () => {
  const x = input("x", [1, 4, 2, 2]);
  assertStrictEquals(activation(x, "none"), x);
});
