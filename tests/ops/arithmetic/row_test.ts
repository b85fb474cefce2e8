import { assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { row } from "../../../src/ops/arithmetic/row.ts";
import { checkOp } from "../harness.ts";

for (const index of [0, 1, 2]) {
  Deno.test(`row() copies row ${index} of a [3, 6] matrix`, async () => {
    await checkOp({
      inputs: { x: { shape: [3, 6], layout: "channels" } },
      op: ({ x }) => row(x, index),
      twin: ({ x }) => x.slice(index * 6, index * 6 + 6),
    });
  });
}

Deno.test("row() refuses a row that does not exist", () => {
  const x = input("x", [2, 4], { layout: "channels" });
  assertThrows(() => row(x, 2), RangeError, "has no row 2");
});
