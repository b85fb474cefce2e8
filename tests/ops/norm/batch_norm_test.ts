import { assertEquals, assertThrows } from "@std/assert";
import { gradients } from "../../../src/ops/gradients.ts";
import { dependencies, input, type Tensor } from "../../../src/graph/tensor.ts";
import type { Activation } from "../../../src/ops/activation/kind.ts";
import { batchNorm } from "../../../src/ops/norm/batch_norm.ts";
import { activation as twinActivation, kinks } from "../../twins/activation.ts";
import { batchNorm as twin } from "../../twins/batch_norm.ts";
import { checkOp, randomValues, size, type TestInput } from "../harness.ts";
import { seedAwayFromKinks } from "../kinks.ts";

const cases: { shape: number[]; activation: Activation; epsilon?: number }[] = [
  { shape: [3, 6, 5, 7], activation: "none" },
  { shape: [2, 8, 7, 5], activation: "relu", epsilon: 1e-3 },
  { shape: [3, 5, 6, 7], activation: "relu6", epsilon: 1e-3 },
  { shape: [1, 13, 9, 3], activation: { leakyRelu: 0.1 } },
  { shape: [1, 1, 1, 1], activation: "none" },
];

for (const { shape, activation, epsilon = 1e-5 } of cases) {
  Deno.test(`batchNorm() with ${JSON.stringify(activation)} matches its definition and gradients on [${shape}]`, async () => {
    const inputs = (seed: number) => batchNormInputs(shape, seed);
    const preActivation = ({ x, gamma, beta, mean, variance }: Record<string, ArrayLike<number>>) =>
      twin(
        x ?? [],
        shape,
        gamma ?? [],
        beta ?? [],
        [...Array.from(mean ?? []), ...Array.from(variance ?? [])],
        epsilon,
      );
    const seed = seedAwayFromKinks(kinks(activation), (seed) => {
      const { x, gamma, beta, mean, variance } = inputs(seed);
      return preActivation({
        x: x.values,
        gamma: gamma.values,
        beta: beta.values,
        mean: mean.values,
        variance: variance.values,
      });
    });
    await checkOp<keyof ReturnType<typeof batchNormInputs>>({
      inputs: inputs(seed),
      op: ({ x, gamma, beta, mean, variance }) =>
        batchNorm(x, { gamma, beta, mean, variance }, { epsilon, activation }),
      twin: (values) => twinActivation(preActivation(values), activation),
      gradientOf: ["x", "gamma", "beta"],
    });
  });
}

Deno.test("batchNorm() computes dγ and dβ in one pass, and only when wanted", () => {
  const shape = [1, 4, 2, 2];
  const channels = (name: string) => input(name, [4], { layout: "channels" });
  const [gamma, beta, mean, variance] = [channels("γ"), channels("β"), channels("μ"), channels("σ²")];
  const x = input("x", shape);
  const y = batchNorm(x, { gamma, beta, mean, variance });
  const ops = (of: Tensor[]) => dependencies(gradients(y, of, input("dy", shape))).map(({ op }) => op).sort();
  const count = (of: Tensor[], name: string) => ops(of).filter((op) => op === name).length;
  assertEquals(count([gamma, beta], "batchNormAffineGrad"), 1);
  assertEquals(count([x], "batchNormAffineGrad"), 0);
  assertEquals(count([gamma, beta], "batchNormInputGrad"), 0);
});

Deno.test("batchNorm() names the parameter whose length is wrong", () => {
  const channels = (count: number) => input("c", [count], { layout: "channels" });
  const [four, five] = [channels(4), channels(5)];
  const x = input("x", [1, 4, 2, 2]);
  assertThrows(
    () => batchNorm(x, { gamma: four, beta: five, mean: four, variance: four }),
    RangeError,
    "input has 4 channels, beta is [5]",
  );
  assertThrows(
    () => batchNorm(x, { gamma: four, beta: four, mean: four, variance: four }, { epsilon: 0 }),
    RangeError,
    "it must be positive",
  );
});

function batchNormInputs(shape: number[], seed: number) {
  const count = shape[1] ?? 1;
  const channels = (name: string, change: (value: number) => number) => ({
    shape: [count],
    layout: "channels" as const,
    values: randomValues(count, name, seed).map(change),
  });
  return {
    x: { shape, values: randomValues(size(shape), "x", seed) },
    gamma: channels("gamma", (value) => 3 * value),
    beta: channels("beta", (value) => 2 * value),
    mean: channels("mean", (value) => value),
    variance: channels("variance", (value) => 0.1 + value ** 2),
  } satisfies Record<string, TestInput>;
}
