import { assert, assertEquals, assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { argmaxInterpolated } from "../../../src/ops/metrics/argmax_interpolated.ts";
import { argmaxInterpolated as twin } from "../../twins/argmax_interpolated.ts";
import { randomValues, runGraph, size } from "../harness.ts";

const cases: { name: string; logits: number[]; size: [number, number]; alignCorners?: boolean }[] = [
  { name: "8× interpolation", logits: [1, 7, 3, 4], size: [24, 32] },
  { name: "odd sizes and batch 3", logits: [3, 5, 4, 3], size: [11, 13] },
  { name: "19 classes, aligned corners", logits: [2, 19, 3, 5], size: [17, 33], alignCorners: true },
  { name: "the same odd size", logits: [2, 6, 5, 3], size: [5, 3] },
  { name: "a smaller size", logits: [2, 3, 7, 9], size: [3, 5] },
  { name: "logits of one pixel", logits: [1, 4, 1, 1], size: [3, 3] },
  { name: "one class", logits: [1, 1, 2, 2], size: [3, 3] },
];

for (const { name, logits, size: [height, width], alignCorners = false } of cases) {
  Deno.test(`argmaxInterpolated() matches its definition with ${name}`, async () => {
    const values = randomValues(size(logits), "logits").map((value) => value - 3);
    const { labels = [] } = await runGraph(
      { logits: { shape: logits, values } },
      (tensors) => ({ labels: argmaxInterpolated(tensors.logits, { height, width, alignCorners }) }),
    );
    const expected = twin(values, logits, [height, width], alignCorners);
    assertEquals(labels.length, expected.length);
    // Where two classes are as good as equal, rounding decides.
    const wrong = expected.filter(({ label, lead }, index) => lead > 1e-5 && labels[index] !== label);
    assertEquals(wrong, []);
    assert(expected.filter(({ lead }) => lead > 1e-5).length > 0.9 * expected.length);
  });
}

Deno.test("argmaxInterpolated() takes the first class on ties", async () => {
  const values = [1, 2, 2, 2, 1, 2, 0, 2, 2, 2].flatMap((value) => [value, value]);
  const { labels } = await runGraph(
    { logits: { shape: [1, 10, 1, 2], values } },
    (tensors) => ({ labels: argmaxInterpolated(tensors.logits, { height: 2, width: 5 }) }),
  );
  assertEquals([...labels ?? []], new Array(10).fill(1));
});

Deno.test("argmaxInterpolated() says what it takes", () => {
  const x = input("x", [1, 300, 2, 2]);
  assertThrows(() => argmaxInterpolated(x, { height: 4, width: 4 }), RangeError, "with C up to 255");
});
