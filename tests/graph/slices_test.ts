import { assertEquals, assertRejects } from "@std/assert";
import { OutOfBudgetError } from "../../src/errors.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { Program } from "../../src/graph/program.ts";
import { planProgram } from "../../src/graph/program_plan.ts";
import { block, input, type Tensor } from "../../src/graph/tensor.ts";
import { relu } from "../../src/ops/activation/activation.ts";
import { concat } from "../../src/ops/arithmetic/concat.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { gradients } from "../../src/ops/gradients.ts";
import { interpolatedCrossEntropy } from "../../src/ops/loss/interpolated_cross_entropy.ts";
import { batchNormTraining } from "../../src/ops/norm/batch_norm_training.ts";
import { globalAveragePool } from "../../src/ops/pool/global_average_pool.ts";
import { maxPool2d } from "../../src/ops/pool/max_pool2d.ts";
import { bilinearResize } from "../../src/ops/resize/bilinear_resize.ts";
import { testGpu } from "../ops/harness.ts";
import { checkSlices } from "../ops/sliced.ts";

/** A training step of a small network with the ops of the papers' networks. */
function step() {
  const weights: Record<string, Tensor> = {};
  const weight = (name: string, shape: readonly number[]) =>
    weights[name] = input(name, shape, { layout: shape.length === 1 ? "channels" : "convolution" });
  const images = input("images", [3, 3, 31, 25]);
  const labels = input("labels", [3, 31, 25], { dtype: "u8", layout: "plain" });
  const stem = block("stem", () => {
    const y = conv2d(images, weight("stem", [8, 3, 3, 3]), { padding: 1, stride: 2 });
    const affine = { gamma: weight("gamma", [8]), beta: weight("beta", [8]) };
    return maxPool2d(batchNormTraining(y, affine, { activation: "relu" }), { kernel: 3, stride: 1, padding: 1 });
  });
  const features = block("body", () => {
    const dilated = relu(conv2d(stem, weight("dilated", [8, 8, 3, 3]), { padding: 2, dilation: 2 }));
    const pooled = bilinearResize(globalAveragePool(dilated), { height: 16, width: 13 });
    return concat([dilated, pooled, conv2d(dilated, weight("narrow", [6, 8, 1, 1]))]);
  });
  const bias = weight("bias", [5]);
  const logits = conv2d(features, weight("head", [5, 22, 3, 3]), { padding: 1, epilogue: { bias } });
  const loss = interpolatedCrossEntropy(logits, labels);
  const found = gradients(loss, Object.values(weights));
  const outputs = Object.fromEntries(Object.keys(weights).map((name, index) => [`d ${name}`, found[index] ?? loss]));
  return { loss, sums: ["loss", ...Object.keys(outputs)], outputs: { loss, logits, ...outputs } };
}

const values = { labels: Array.from({ length: 3 * 31 * 25 }, (_, at) => at % 9 === 4 ? 255 : (at >> 3) % 5) };

Deno.test("a training step in slices gives the same logits, and nearly the same loss and gradients", async () => {
  const { outputs, sums } = step();
  await checkSlices({ outputs, sums, limits: [10_000], values });
});

Deno.test("activations in slices may be computed a second time, and kept in 16 bits", async () => {
  const { loss, outputs, sums } = step();
  const activations = { loss, recompute: true, half: true };
  await checkSlices({ outputs, sums, limits: [10_000], values, activations, traits: [{ software: true }] });
});

Deno.test("without a limit that is reached, the launches are the same", async () => {
  const gpu = await testGpu();
  const { outputs } = step();
  const calls = (maxBindingBytes: number) =>
    planProgram(gpu, { outputs, traits: { software: true, maxBindingBytes } }).steps.map(({ plan }) =>
      plan.calls.map(({ shader, constants, workgroups }) => [shader.name, constants, workgroups])
    );
  assertEquals(calls(2 ** 27), calls(2 ** 31));
});

Deno.test("a tensor may be larger than a binding, not than a buffer, and the adapter is asked for all that it has", async () => {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  const kind = () => ({ software: true, ratio: 1 });
  using most = await Gpu.open({ kind });
  assertEquals(most.maxBindingBytes, adapter?.limits.maxStorageBufferBindingSize);
  assertEquals(most.maxBufferBytes, adapter?.limits.maxBufferSize);
  using gpu = await Gpu.open({ kind, defaultLimits: true });
  assertEquals([gpu.maxBindingBytes, gpu.maxBufferBytes], [2 ** 27, 2 ** 28]);
  const y = relu(input("x", [1, 4, 4100, 4096]));
  assertEquals(planProgram(gpu, { outputs: { y } }).memory.unbindable, null);
  await assertRejects(
    () => Program.compile(gpu, { outputs: { y } }),
    OutOfBudgetError,
    "a tensor takes 268697600 bytes, this adapter has buffers of at most 268435456",
  );
  assertEquals(gpu.allocatedBytes, 0);
});
