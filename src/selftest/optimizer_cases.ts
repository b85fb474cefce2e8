/**
 * Five steps of each optimizer against what PyTorch computed (`src/selftest/fixtures/make.py`).
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import { pack } from "../graph/layout.ts";
import { ParameterStore } from "../nn/parameter_store.ts";
import { adamW, type Optimizer, sgd } from "../optim/optimizer.ts";
import type { Comparison, SelfTestCase } from "./case.ts";
import { type FixtureCase, readCases } from "./fixture.ts";

const layouts = { backbone: "convolution", head: "channels" } as const;
const groups = ["backbone", "head"] as const;
const steps = 5;

/**
 * All cases. This reads the fixture file. Each case runs twice with a reset between, and both runs must give the same
 * results.
 */
export async function optimizerCases(): Promise<SelfTestCase[]> {
  return (await readCases("optimizer")).map((fixture) => ({
    kernel: fixture.op,
    name: fixture.name,
    run: async (gpu) => {
      const store = new ParameterStore(
        gpu,
        groups.map((group) => ({
          name: group,
          group,
          shape: fixture.tensor(group).shape,
          layout: layouts[group],
          initial: { constant: 0 },
          trainable: true,
        })),
      );
      const optimizer = await (fixture.op === "sgd" ? sgd : adamW)(gpu, store, fixture.options);
      const first = await runSteps(gpu, fixture, store, optimizer);
      optimizer.reset();
      const again = await runSteps(gpu, fixture, store, optimizer);
      optimizer.dispose();
      store.dispose();
      return [...first, ...again.map((comparison) => ({ ...comparison, what: `${comparison.what}, after a reset` }))];
    },
  }));
}

async function runSteps(
  gpu: Gpu,
  fixture: FixtureCase,
  store: ParameterStore,
  optimizer: Optimizer,
): Promise<Comparison[]> {
  store.load(new Map(groups.map((group) => [group, fixture.tensor(group)])), fixture.name);
  const rates = fixture.tensor("rates").values;
  const comparisons: Comparison[] = [];
  for (let step = 0; step < steps; step++) {
    for (const group of groups) {
      const { shape, values } = atStep(fixture, `d ${group}`, step);
      const { buffer, offset } = store.gradientRange(group);
      gpu.write(buffer, pack(values, shape, layouts[group]), offset);
    }
    optimizer.prepare({ backbone: rates[2 * step] ?? 0, head: rates[2 * step + 1] ?? 0 });
    gpu.submit(optimizer.dispatches);
    const saved = await store.save();
    for (const group of groups) {
      const actual = saved.get(group)?.values ?? [];
      const expected = atStep(fixture, `${group} after`, step).values;
      comparisons.push({ what: `${group} after step ${step + 1}`, actual, expected, tolerance: 1e-6 });
    }
  }
  return comparisons;
}

/** The values of one step in a tensor that has a row per step. */
function atStep(fixture: FixtureCase, name: string, step: number) {
  const { shape: [, ...shape], values } = fixture.tensor(name);
  const count = shape.reduce((product, side) => product * side, 1);
  return { shape, values: values.slice(step * count, (step + 1) * count) };
}
