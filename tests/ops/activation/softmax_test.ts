import { assertEquals, assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { softmax } from "../../../src/ops/activation/softmax.ts";
import { softmax as twin } from "../../twins/softmax.ts";
import { checkOp, runGraph } from "../harness.ts";

for (const shape of [[3, 4, 5, 7], [2, 7, 3, 5], [1, 1, 2, 2], [2, 19, 5, 3], [1, 6, 1, 1]]) {
  Deno.test(`softmax() matches its definition and its gradient on [${shape.join(", ")}]`, async () => {
    await checkOp({
      inputs: { x: { shape } },
      op: ({ x }) => softmax(x),
      twin: ({ x }) => twin(x, shape),
      gradientOf: ["x"],
    });
  });
}

Deno.test("softmax() stays finite on logits of ±1000, all of them negative or far apart", async () => {
  const { y } = await runGraph(
    { x: { shape: [1, 3, 1, 3], values: [-1000, 1000, 1000, -1000, -1000, 1000, -1000, 0, 1000] } },
    ({ x }) => ({ y: softmax(x) }),
  );
  const third = Math.fround(1 / 3);
  assertEquals(Array.from(y ?? []), [third, 1, third, third, 0, third, third, 0, third]);
});

Deno.test("softmax() refuses parameters", () => {
  assertThrows(() => softmax(input("w", [4], { layout: "channels" })), RangeError, "no image but of layout channels");
});
