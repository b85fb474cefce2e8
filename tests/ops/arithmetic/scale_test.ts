import { assertEquals, assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { scale } from "../../../src/ops/arithmetic/scale.ts";
import { checkOp, runGraph, type TestInput } from "../harness.ts";

const inputs: TestInput[] = [
  { shape: [3, 5, 7, 3] },
  { shape: [3, 7, 5], layout: "plain" },
  { shape: [1], layout: "plain" },
  { shape: [6], layout: "channels" },
  { shape: [5, 6, 3, 3], layout: "convolution" },
];

for (const x of inputs) {
  for (const factor of [-0.3, 3, 2.5e4]) {
    Deno.test(`scale() by ${factor} multiplies [${x.shape.join(", ")}] (${x.layout ?? "activation"}) and its gradient`, async () => {
      await checkOp({
        inputs: { x },
        op: ({ x }) => scale(x, factor),
        twin: ({ x }) => x.map((value) => factor * value),
        gradientOf: ["x"],
      });
    });
  }
}

Deno.test("scale() by 0 gives zeros, and by a power of two changes no digit", async () => {
  const values = [1 / 3, -7.1, 0, 1e-10, 3e30];
  const x: TestInput = { shape: [5], layout: "plain", values };
  const { none, small } = await runGraph({ x }, ({ x }) => ({ none: scale(x, 0), small: scale(x, 2 ** -70) }));
  assertEquals([...none ?? []].map(Math.abs), [0, 0, 0, 0, 0]);
  assertEquals([...small ?? []], values.map((value) => Math.fround(value) * 2 ** -70));
});

Deno.test("scale() refuses a factor that is not finite in 32 bits, and what is not f32", () => {
  const x = input("x", [1, 4, 2, 2]);
  for (const factor of [NaN, Infinity, -Infinity, 1e39]) {
    assertThrows(() => scale(x, factor), RangeError, `the factor ${factor} is not finite in 32 bits`);
  }
  const labels = input("labels", [1, 2, 2], { layout: "plain", dtype: "u8" });
  assertThrows(() => scale(labels, 2), RangeError, "is u8; it must be f32");
});
