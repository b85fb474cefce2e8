import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { pack } from "../../src/graph/layout.ts";
import { ParameterStore } from "../../src/nn/parameter_store.ts";
import { groupsWithBiases } from "../../src/nn/parameters.ts";
import { scheduleFactor } from "../../src/optim/schedule.ts";
import { readRecipe, resolveSettings, type Settings } from "../../src/settings/settings.ts";
import { openOptimizer, roundRates, sourceSchedule, trainerOptions } from "../../src/settings/method.ts";
import { assertClose, testGpu } from "../ops/harness.ts";

function settingsOf(recipe: string): Settings {
  return resolveSettings("adapt", {}, readRecipe(recipe, "test.yaml"));
}

/** Two steps at rate 0.1 with the gradients 1 and 2 from the value 2. */
async function twoSteps(recipe: string): Promise<number> {
  const gpu = await testGpu();
  const store = new ParameterStore(gpu, [{
    ...{ name: "w", shape: [1], layout: "channels", group: "backbone", trainable: true },
    initial: { constant: 2 },
  }]);
  store.initialize(0);
  const optimizer = await openOptimizer(gpu, store, settingsOf(recipe));
  for (const gradient of [1, 2]) {
    const { buffer, offset } = store.gradientRange("w");
    gpu.write(buffer, pack(Float32Array.of(gradient), [1], "channels"), offset);
    optimizer.prepare({ backbone: 0.1, head: 0 });
    gpu.submit(optimizer.dispatches);
  }
  const value = (await store.save()).get("w")?.values[0] ?? NaN;
  optimizer.dispose();
  store.dispose();
  return value;
}

Deno.test("weight decay of biases is an option of networks that keep them apart", async () => {
  const gpu = await testGpu();
  const names = ["backbone", "backbone.bias"];
  const declarations = names.map((group) => ({
    ...{ name: group, shape: [1], layout: "channels" as const, group, trainable: true },
    initial: { constant: 2 },
  }));
  const store = new ParameterStore(gpu, declarations, { groups: groupsWithBiases });
  store.initialize(0);
  for (const optimizer of ["sgd", "adamw"]) {
    const recipe = `optimizer: ${optimizer}\nweight-decay: 0.5\nbias-decay: 0`;
    const opened = await openOptimizer(gpu, store, settingsOf(recipe));
    for (const { gradients } of store.runs()) {
      gpu.write(gradients.buffer, new Uint8Array(gradients.size), gradients.offset);
    }
    const before = await store.save();
    opened.prepare(Object.fromEntries(groupsWithBiases.map(({ name }) => [name, 0.1])));
    gpu.submit(opened.dispatches);
    const after = await store.save();
    const factor = names.map((name) => (after.get(name)?.values[0] ?? NaN) / (before.get(name)?.values[0] ?? NaN));
    assertClose(factor, [0.95, 1], 1e-6, optimizer);
    opened.dispose();
  }
  store.dispose();
  const plain = new ParameterStore(gpu, declarations.slice(0, 1));
  assertThrows(() => openOptimizer(gpu, plain, settingsOf("bias-rate: 2")), UsageError, "Leave out --bias-rate");
  plain.dispose();
});

Deno.test("the options choose the optimizer", async () => {
  // Steps v: 1, then 0.5 + 2.
  assertClose([await twoSteps("momentum: 0.5\nweight-decay: 0")], [1.65], 1e-6, "SGD");
  // Steps g + 0.5·v: 1.5, then 3.25.
  assertClose([await twoSteps("momentum: 0.5\nweight-decay: 0\nnesterov: true")], [1.525], 1e-6, "Nesterov");
  // m: 0.5, 1.25; v: 0.25, 1.1875; over 1 − 0.5ᵗ and 1 − 0.75ᵗ. Before each step the weights decay by 1 %.
  const second = 1.25 / 0.75 / Math.sqrt(1.1875 / 0.4375);
  const adamw = "optimizer: adamw\nbetas: [0.5, 0.75]\nweight-decay: 0.1";
  assertClose([await twoSteps(adamw)], [(2 * 0.99 - 0.1) * 0.99 - 0.1 * second], 1e-6, "AdamW");
});

Deno.test("epsilon is an option of AdamW", async () => {
  const adamw = "optimizer: adamw\nbetas: [0.5, 0.75]\nweight-decay: 0\nepsilon: 1";
  // With 1 added to the root, steps are 1/2 and then (1.25/0.75) / (1 + √(1.1875/0.4375)).
  assertClose([await twoSteps(adamw)], [2 - 0.05 - 0.1 * (1.25 / 0.75) / (1 + Math.sqrt(1.1875 / 0.4375))], 1e-6, "");
});

Deno.test("one-cycle takes all steps of the source training, and each round", () => {
  const settings = settingsOf("schedule: one-cycle\nsource-steps: 100\nsource-rate: 0.01\nschedule-steps: 7");
  const { rates, momentum } = roundRates({ settings, network: { store: { groups: [{ name: "w" }] } } });
  const at = (step: number) => rates(0.0025, { step, steps: 50 })["w"];
  assertClose([at(0) ?? 0, at(9) ?? 0, at(49) ?? 0], [1e-4, 2.5e-3, 1e-6], 1e-9, "a round");
  assertClose([momentum?.({ step: 9, steps: 50 }) ?? 0], [0.85], 1e-12, "momentum of a round");
  const schedule = sourceSchedule(settings);
  const source = [0, 19, 99].map((step) => scheduleFactor(schedule, step));
  assertClose(source, [1 / 25, 1, 1 / 2500], 1e-9, "the source training");
  const usual = roundRates({ settings: settingsOf(""), network: { store: { groups: [{ name: "w" }] } } });
  assertEquals(usual.rates(0.1, { step: 3, steps: 50 }), { w: 0.1 });
  assertEquals(usual.momentum?.({ step: 3, steps: 50 }), undefined);
});

Deno.test("the options choose the schedule of the source training", () => {
  const factors = (recipe: string, steps: readonly number[]) =>
    steps.map((step) => scheduleFactor(sourceSchedule(settingsOf(recipe)), step));
  const step = "schedule: step\nwarm-up: 0\nsource-steps: 90\n";
  assertClose(factors(step, [0, 29, 30, 60]), [1, 1, 0.1, 0.01], 1e-12, "default interval and factor");
  assertClose(factors(`${step}gamma: 0.5\nevery: 10`, [9, 10, 25]), [1, 0.5, 0.25], 1e-12, "given ones");
  assertClose(factors("schedule: constant\nwarm-up: 4", [0, 3, 9]), [0.25, 1, 1], 1e-12, "warm-up");
  const poly = "warm-up: 0\nsource-steps: 100\npower: 2";
  assertClose(factors(poly, [0, 50, 100]), [1, 0.25, 0], 1e-12, "poly");
});

Deno.test("a step takes batch × accumulate crops, of which batch are in memory together", () => {
  const settings = settingsOf("batch: 3\naccumulate: 4");
  const room = { height: 8, width: 8 };
  const { batch, accumulate } = trainerOptions({ settings, room, crop: room });
  assertEquals([batch, accumulate], [3, 4]);
  assertThrows(() => settingsOf("accumulate: 0"), UsageError, "expected at least 1");
});
