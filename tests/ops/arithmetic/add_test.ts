import { assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { add } from "../../../src/ops/arithmetic/add.ts";
import { checkOp } from "../harness.ts";

Deno.test("add() is the sum, element by element, and passes its gradient to both", async () => {
  const shape = [3, 5, 7, 3];
  await checkOp({
    inputs: { a: { shape }, b: { shape } },
    op: ({ a, b }) => add(a, b),
    twin: ({ a, b }) => a.map((value, index) => value + (b[index] ?? NaN)),
    gradientOf: ["a", "b"],
  });
});

Deno.test("add() refuses two shapes or two layouts", () => {
  assertThrows(() => add(input("a", [1, 4, 2, 2]), input("b", [1, 4, 2, 3])), RangeError, "the shapes differ");
  const plain = input("b", [1, 4, 2, 2], { layout: "plain" });
  assertThrows(() => add(input("a", [1, 4, 2, 2]), plain), RangeError, "the layouts differ");
});
