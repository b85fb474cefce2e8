import { assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import { conv2d } from "../../../src/ops/conv/conv2d.ts";
import { batchNorm } from "../../../src/ops/norm/batch_norm.ts";
import { foldBatchNorm } from "../../../src/ops/norm/fold_batch_norm.ts";
import { assertClose, checkOp, randomValues, runGraph } from "../harness.ts";

const channels = { shape: [6], layout: "channels" as const };
const variance = { ...channels, values: randomValues(6, "variance").map((value) => 0.1 + value ** 2) };

Deno.test("foldBatchNorm() gives scale and shift", async () => {
  await checkOp({
    inputs: { gamma: channels, beta: channels, mean: channels, variance },
    op: (parameters) => foldBatchNorm(parameters, { epsilon: 1e-3 }),
    twin: ({ gamma, beta, mean, variance }) => {
      const scale = gamma.map((value, index) => value / Math.sqrt((variance[index] ?? 0) + 1e-3));
      return [...scale, ...beta.map((value, index) => value - (mean[index] ?? 0) * (scale[index] ?? 0))];
    },
  });
});

Deno.test("foldBatchNorm() takes in what the convolution adds to its sums", async () => {
  const inputs = {
    ...{ x: { shape: [2, 3, 5, 6] }, w: { shape: [6, 3, 1, 1], layout: "convolution" as const } },
    ...{ bias: channels, gamma: channels, beta: channels, mean: channels, variance },
  };
  const { folded, separate } = await runGraph(inputs, ({ x, w, bias, ...parameters }) => ({
    folded: conv2d(x, w, { epilogue: { scaleAndShift: foldBatchNorm(parameters, { bias }), activation: "relu" } }),
    separate: batchNorm(conv2d(x, w, { epilogue: { bias } }), parameters, { activation: "relu" }),
  }));
  assertClose(folded ?? [], separate ?? [], 1e-5, "folded batch norm");
});

Deno.test("a convolution with a folded batch norm equals the two by themselves", async () => {
  const inputs = {
    x: { shape: [2, 3, 5, 6] },
    w: { shape: [6, 3, 3, 3], layout: "convolution" as const },
    gamma: channels,
    beta: channels,
    mean: channels,
    variance,
  };
  const { folded, separate } = await runGraph(inputs, ({ x, w, ...parameters }) => ({
    folded: conv2d(x, w, {
      padding: 1,
      epilogue: { scaleAndShift: foldBatchNorm(parameters, { epsilon: 1e-3 }), activation: "relu6" },
    }),
    separate: batchNorm(conv2d(x, w, { padding: 1 }), parameters, { epsilon: 1e-3, activation: "relu6" }),
  }));
  assertClose(folded ?? [], separate ?? [], 1e-5, "folded batch norm");
});

Deno.test("foldBatchNorm() names a parameter of another length", () => {
  const [four, five] = [4, 5].map((count) => input("c", [count], { layout: "channels" }));
  if (four === undefined || five === undefined) throw new Error("two inputs were made");
  assertThrows(
    () => foldBatchNorm({ gamma: four, beta: four, mean: five, variance: four }),
    RangeError,
    "is not [4] of channels",
  );
});
