import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { benchKernels } from "../../bench/kernels.ts";
import { kernelQuestions, opsOfQuestion, type Question, questionsAbout } from "../../bench/questions.ts";
import { UsageError } from "../../src/errors.ts";
import { input, Tensor } from "../../src/graph/tensor.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { casesOf } from "../../src/selftest/self_test.ts";
import { testGpu } from "../ops/harness.ts";

Deno.test("one asks for a kernel by its op or by its row", () => {
  const gradients = questionsAbout("conv2dInputGrad");
  const directions = new Set(gradients.map(({ direction }) => direction));
  assertEquals(directions, new Set(["dx", "forward+backward"]));
  for (const { kernel } of gradients) assert(kernel.startsWith("conv "), kernel);
  const row = "depthwise 3×3 stride 2 48 at 96×128, batch 4";
  assertEquals(questionsAbout(row).map(({ kernel, direction }) => [kernel, direction]), [
    [row, "forward"],
    [row, "dx"],
    [row, "dw"],
  ]);
  const error = assertThrows(() => questionsAbout("conv"), UsageError, 'There is no kernel "conv"');
  for (const { kernel } of kernelQuestions()) assert(error.message.includes(`\n    ${kernel}`), kernel);
});

Deno.test("the self-test has cases of every op that is timed, those of a gradient under the name of its op", async () => {
  const ops = new Set(kernelQuestions().flatMap((question) => [...opsOfQuestion(question)]));
  // A loss starts its gradients with `ones`; the cases are given theirs.
  ops.delete("ones");
  for (const op of ops) assert((await casesOf(new Set([op]))).length > 0, `no case computes ${op}`);
  const kernels = async (op: string) => new Set((await casesOf(new Set([op]))).map(({ kernel }) => kernel));
  assertEquals(await kernels("conv2dInputGrad"), new Set(["conv2d"]));
  // The dice loss starts from probabilities.
  assertEquals(await kernels("softmaxGrad"), new Set(["softmax", "dice"]));
  assertEquals(await kernels("activation"), new Set(["relu", "relu6", "leakyRelu"]));
  assertEquals(await kernels("updateRunningStatistics"), new Set(["updateRunningStatistics"]));
});

Deno.test("a convolution whose fast form is wrong is found by its direct form", async () => {
  const gpu = await testGpu();
  const x = input("x", [1, 4, 9, 8]);
  const w = input("w", [4, 4, 3, 3], { layout: "convolution" });
  const right = conv2d(x, w, { padding: 1 });
  const other = conv2d(x, w, { padding: 2, dilation: 2 });
  const wrong = new Tensor({
    ...{ ...right.definition, inputs: [x, w] },
    kernels: (output, traits) =>
      (traits.direct === true ? right : other).definition.kernels?.(output, traits) ?? { calls: [] },
  });
  const ask = (tensor: Tensor) => {
    const questions: Question[] = [{ kernel: "conv", direction: "forward", outputs: { result: tensor } }];
    const peaks = { gflops: 1, gigabytesPerSecond: 1 };
    const options = { runs: 1, onRow: () => {} };
    return benchKernels(gpu, peaks, { ...options, questions, againstDirect: true });
  };
  assertEquals((await ask(right)).length, 1);
  await assertRejects(() => ask(wrong), Error, "conv (forward): result differs from its direct form");
});
