import { assertAlmostEquals, assertThrows } from "@std/assert";
import { input } from "../../../src/graph/tensor.ts";
import type { Activation } from "../../../src/ops/activation/kind.ts";
import { batchNorm } from "../../../src/ops/norm/batch_norm.ts";
import { batchNormStatistics } from "../../../src/ops/norm/batch_norm_statistics.ts";
import { batchNormTraining } from "../../../src/ops/norm/batch_norm_training.ts";
import { updateRunningStatistics } from "../../../src/ops/norm/update_running_statistics.ts";
import { activation as twinActivation, kinks } from "../../twins/activation.ts";
import { batchNorm as twin, batchNormStatistics as twinStatistics } from "../../twins/batch_norm.ts";
import { checkOp, randomValues, runGraph, size } from "../harness.ts";
import { seedAwayFromKinks } from "../kinks.ts";

const cases: { shape: number[]; activation: Activation; epsilon: number }[] = [
  { shape: [3, 6, 5, 7], activation: "none", epsilon: 1e-5 },
  { shape: [2, 7, 7, 9], activation: "relu", epsilon: 1e-3 },
  { shape: [3, 5, 6, 7], activation: "relu6", epsilon: 1e-3 },
  { shape: [2, 4, 1, 1], activation: { leakyRelu: 0.1 }, epsilon: 1e-1 },
  // More runs of pixels than one invocation of either kind of kernel combines.
  { shape: [2, 5, 67, 71], activation: "none", epsilon: 1e-5 },
];

for (const { shape, activation, epsilon } of cases) {
  Deno.test(`batchNormTraining() with ${JSON.stringify(activation)} matches its definition and gradients on [${shape}]`, async () => {
    const count = shape[1] ?? 1;
    const preActivation = (x: ArrayLike<number>, gamma: ArrayLike<number>, beta: ArrayLike<number>) =>
      twin(x, shape, gamma, beta, twinStatistics(x, shape), epsilon);
    const seed = seedAwayFromKinks(
      kinks(activation),
      (seed) =>
        preActivation(
          randomValues(size(shape), "x", seed),
          randomValues(count, "gamma", seed),
          randomValues(count, "beta", seed),
        ),
    );
    await checkOp({
      inputs: {
        x: { shape },
        gamma: { shape: [count], layout: "channels" },
        beta: { shape: [count], layout: "channels" },
      },
      op: ({ x, gamma, beta }) => batchNormTraining(x, { gamma, beta }, { epsilon, activation }),
      twin: ({ x, gamma, beta }) => twinActivation(preActivation(x, gamma, beta), activation),
      gradientOf: ["x", "gamma", "beta"],
      seed,
    });
  });
}

for (const activation of ["none", "relu", "relu6", { leakyRelu: 0.1 }, { leakyRelu: -0.1 }] as const) {
  Deno.test(`batchNorm() and batchNormTraining() add a residual before ${JSON.stringify(activation)}, with its gradient`, async () => {
    const shape = [2, 6, 5, 7];
    const channels = { shape: [6], layout: "channels" as const };
    const [mean, variance] = [0, 1].map((value) => ({ ...channels, values: new Array<number>(6).fill(value) }));
    const inputs = { x: { shape }, gamma: channels, beta: channels, residual: { shape } };
    for (const isFrozen of [false, true]) {
      const statistics = (x: ArrayLike<number>) =>
        isFrozen ? [...mean?.values ?? [], ...variance?.values ?? []] : twinStatistics(x, shape);
      const sums = ({ x, gamma, beta, residual }: Record<keyof typeof inputs, ArrayLike<number>>) =>
        twin(x, shape, gamma, beta, statistics(x), 1e-3).map((value, index) => value + (residual[index] ?? NaN));
      const seed = seedAwayFromKinks(kinks(activation), (seed) => {
        const values = (name: keyof typeof inputs) => randomValues(size(inputs[name].shape), name, seed);
        return sums({ x: values("x"), gamma: values("gamma"), beta: values("beta"), residual: values("residual") });
      });
      await checkOp<keyof typeof inputs | "mean" | "variance">({
        inputs: { ...inputs, mean: mean ?? channels, variance: variance ?? channels },
        op: ({ x, gamma, beta, residual, mean, variance }) => {
          const options = { epsilon: 1e-3, activation, residual };
          return isFrozen
            ? batchNorm(x, { gamma, beta, mean, variance }, options)
            : batchNormTraining(x, { gamma, beta }, options);
        },
        twin: (values) => twinActivation(sums(values), activation),
        gradientOf: ["x", "gamma", "beta", "residual"],
        seed,
      });
    }
  });
}

Deno.test("batchNorm() says which residuals it takes", () => {
  const channels = input("c", [4], { layout: "channels" });
  const [x, residual] = [input("x", [1, 4, 3, 3]), input("r", [1, 4, 3, 2])];
  assertThrows(
    () => batchNormTraining(x, { gamma: channels, beta: channels }, { residual }),
    RangeError,
    "input is [1, 4, 3, 3], the residual [1, 4, 3, 2]",
  );
});

for (const shape of [[3, 6, 5, 7], [2, 9, 37, 41], [1, 4, 1, 1]]) {
  Deno.test(`batchNormStatistics() matches its definition on [${shape}]`, async () => {
    await checkOp({
      inputs: { x: { shape } },
      op: ({ x }) => batchNormStatistics(x),
      twin: ({ x }) => twinStatistics(x, shape),
    });
  });
}

Deno.test("batchNormStatistics() keeps its digits far from zero", async () => {
  const shape = [2, 3, 40, 40];
  const values = randomValues(size(shape), "x").map((value) => 1000 + value);
  const results = await runGraph({ x: { shape, values } }, ({ x }) => ({ statistics: batchNormStatistics(x) }));
  const expected = twinStatistics(values, shape);
  for (let channel = 0; channel < 3; channel++) {
    assertAlmostEquals(results["statistics"]?.[channel] ?? NaN, expected[channel] ?? 0, 2e-4);
    assertAlmostEquals(results["statistics"]?.[3 + channel] ?? NaN, expected[3 + channel] ?? 0, 1e-5);
  }
});

Deno.test("updateRunningStatistics() mixes in the mean and the unbiased variance", async () => {
  const [momentum, count] = [0.1, 5];
  await checkOp({
    inputs: { running: { shape: [2, 6], layout: "channels" }, batch: { shape: [2, 6], layout: "channels" } },
    op: ({ running, batch }) => updateRunningStatistics(running, batch, { count }),
    twin: ({ running, batch }) =>
      running.map((value, index) =>
        (1 - momentum) * value + momentum * (batch[index] ?? 0) * (index < 6 ? 1 : count / (count - 1))
      ),
  });
});

Deno.test("updateRunningStatistics() refuses a single value per channel", () => {
  const statistics = input("s", [2, 4], { layout: "channels" });
  assertThrows(() => updateRunningStatistics(statistics, statistics, { count: 1 }), RangeError, "no unbiased variance");
});
