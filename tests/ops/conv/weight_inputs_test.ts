import { assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { concat } from "../../../src/ops/arithmetic/concat.ts";
import { conv2d } from "../../../src/ops/conv/conv2d.ts";
import { weightInputs } from "../../../src/ops/conv/weight_inputs.ts";
import { assertClose, checkOp, runGraph } from "../harness.ts";

const layout = "convolution";

for (
  const { from, count } of [{ from: 0, count: 4 }, { from: 4, count: 4 }, { from: 8, count: 3 }, { from: 0, count: 11 }]
) {
  Deno.test(`weightInputs() takes ${count} inputs from number ${from}, and its gradient is 0 elsewhere`, async () => {
    const [outputs, inputs, taps] = [6, 11, 6];
    await checkOp({
      inputs: { w: { shape: [outputs, inputs, 3, 2], layout } },
      op: ({ w }) => weightInputs(w, { from, count }),
      twin: ({ w }) =>
        Array.from({ length: outputs * count * taps }, (_, index) => {
          const [output, rest] = [Math.floor(index / (count * taps)), index % (count * taps)];
          return w[output * inputs * taps + from * taps + rest] ?? NaN;
        }),
      gradientOf: ["w"],
    });
  });
}

Deno.test("a convolution of joined images is the sum of those of each by its part of the weight", async () => {
  const inputs = {
    ...{ a: { shape: [2, 8, 5, 7] }, b: { shape: [2, 5, 5, 7] } },
    w: { shape: [6, 13, 3, 3], layout: layout as "convolution" },
  };
  const { joined, apart } = await runGraph(inputs, ({ a, b, w }) => {
    const first = conv2d(a, weightInputs(w, { from: 0, count: 8 }), { padding: 1 });
    const part = weightInputs(w, { from: 8, count: 5 });
    return {
      joined: conv2d(concat([a, b]), w, { padding: 1 }),
      apart: conv2d(b, part, { padding: 1, epilogue: { residual: first } }),
    };
  });
  assertClose(apart ?? [], joined ?? [], 1e-5, "sum of the parts");
});

Deno.test("weightInputs() refuses inputs that are not there, and parts that begin or end inside a vector", () => {
  const weight = input("w", [8, 10, 1, 1], { layout });
  for (const [from, count] of [[8, 3], [-4, 4], [2, 4], [0, 6], [0, 0], [0.5, 4]] as const) {
    assertThrows(
      () => weightInputs(weight, { from, count }),
      RangeError,
      `no part of ${count} inputs from number ${from}`,
    );
  }
  assertThrows(() => weightInputs(input("x", [8, 8, 1, 1]), { from: 0, count: 4 }), RangeError, "of layout activation");
});
