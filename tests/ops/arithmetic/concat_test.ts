import { assertStrictEquals, assertThrows } from "@std/assert";
import { input, type Tensor } from "../../../src/graph/tensor.ts";
import { concat } from "../../../src/ops/arithmetic/concat.ts";
import { concat as twin } from "../../twins/concat.ts";
import { checkOp, type TestInput } from "../harness.ts";

for (const channels of [[4, 8], [8, 4, 3], [3, 5], [1, 4], [5, 1, 2, 7], [4, 3, 4], [2, 2, 2, 2, 2, 2, 2, 2, 2]]) {
  Deno.test(`concat() matches its definition and its gradients with ${channels.join(" + ")} channels`, async () => {
    const inputs: Record<string, TestInput> = {};
    for (const [index, count] of channels.entries()) inputs[`x${index}`] = { shape: [3, count, 3, 5] };
    const ordered = <T>(values: Record<string, T>) => Object.keys(inputs).map((name) => values[name] as T);
    await checkOp({
      inputs,
      op: (tensors) => concat(ordered<Tensor>(tensors)),
      twin: (values) => twin(ordered(values), ordered(inputs).map(({ shape }) => shape)),
      gradientOf: Object.keys(inputs),
    });
  });
}

Deno.test("concat() of one part is the part itself", () => {
  const x = input("x", [1, 3, 2, 2]);
  assertStrictEquals(concat([x]), x);
});

Deno.test("concat() refuses parts of different sizes, naming them", () => {
  const a = input("a", [1, 3, 2, 2]);
  const b = input("b", [1, 3, 2, 4]);
  assertThrows(() => concat([a, b]), RangeError, "(input) [1, 3, 2, 2], (input) [1, 3, 2, 4]; all parts need one");
  assertThrows(() => concat([]), RangeError, "no parts");
});
