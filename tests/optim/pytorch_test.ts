/**
 * Five steps of each optimizer against what PyTorch computed (`tests/fixtures/make.py`).
 */

import { assertEquals } from "@std/assert";
import { type ParameterGroup, ParameterStore } from "../../src/nn/parameters.ts";
import { adamW, type Optimizer, sgd } from "../../src/optim/optimizer.ts";
import { pack } from "../../src/graph/layout.ts";
import { type FixtureCase, readCases } from "../fixture.ts";
import { assertClose, testGpu } from "../ops/harness.ts";

const layouts = { backbone: "convolution", head: "channels" } as const;
const groups: readonly ParameterGroup[] = ["backbone", "head"];

for (const fixture of readCases("optimizer")) {
  Deno.test(`${fixture.op}() matches PyTorch over five steps: ${fixture.name}`, async () => {
    const gpu = await testGpu();
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
    store.load(new Map(groups.map((group) => [group, fixture.tensor(group)])), fixture.name);
    const optimizer = await (fixture.op === "sgd" ? sgd : adamW)(gpu, store, fixture.options);
    await checkSteps(fixture, store, optimizer);
    // After a reset and with the first values again, the same steps give the same results.
    optimizer.reset();
    store.load(new Map(groups.map((group) => [group, fixture.tensor(group)])), fixture.name);
    await checkSteps(fixture, store, optimizer);
    optimizer.dispose();
    store.dispose();
  });
}

async function checkSteps(fixture: FixtureCase, store: ParameterStore, optimizer: Optimizer): Promise<void> {
  const gpu = await testGpu();
  const rates = fixture.tensor("rates").values;
  for (let step = 0; step < 5; step++) {
    for (const group of groups) {
      const { shape, values } = atStep(fixture, `d ${group}`, step);
      const { buffer, offset } = store.gradientRange(group);
      gpu.write(buffer, pack(values, shape, layouts[group]), offset);
    }
    optimizer.prepare({ backbone: rates[2 * step] ?? 0, head: rates[2 * step + 1] ?? 0 });
    gpu.submit(optimizer.dispatches);
    const saved = await store.save();
    for (const group of groups) {
      const expected = atStep(fixture, `${group} after`, step);
      assertClose(saved.get(group)?.values ?? [], expected.values, 1e-6, `${group} after step ${step + 1}`);
    }
  }
  assertEquals(optimizer.step, 5);
}

/** The values of one step in a tensor that has a row per step. */
function atStep(fixture: FixtureCase, name: string, step: number) {
  const { shape: [, ...shape], values } = fixture.tensor(name);
  const count = shape.reduce((product, side) => product * side, 1);
  return { shape, values: values.slice(step * count, (step + 1) * count) };
}
