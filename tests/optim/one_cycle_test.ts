/** The one-cycle schedule against PyTorch's (`make_one_cycle.py`), with the momentum that it changes. */

import { assert, assertEquals } from "@std/assert";
import { pack } from "../../src/graph/layout.ts";
import { ParameterStore } from "../../src/nn/parameter_store.ts";
import { adamW, sgd } from "../../src/optim/optimizer.ts";
import { scheduleFactor, scheduleMomentum } from "../../src/optim/schedule.ts";
import { assertClose, testGpu } from "../ops/harness.ts";
import fixture from "./one_cycle.json" with { type: "json" };

const peak = 0.01;

Deno.test("the one-cycle schedule gives PyTorch's rates and momenta at every step", () => {
  for (const { total, rates, momenta } of [...fixture.cases, fixture.trained]) {
    const schedule = { kind: "one-cycle", total, warmUp: 100 } as const;
    for (const step of rates.keys()) {
      assertClose([scheduleFactor(schedule, step) * peak], [rates[step] ?? NaN], 1e-12, `rate at ${step} of ${total}`);
      assertClose([scheduleMomentum(schedule, step) ?? 0], [momenta[step] ?? NaN], 1e-12, `momentum at ${step}`);
    }
  }
  // PyTorch divides by zero at five steps.
  for (const total of [1, 2, 5]) {
    const factors = Array.from({ length: total }, (_, step) => scheduleFactor({ kind: "one-cycle", total }, step));
    assertEquals(factors[0], 1);
    assert(factors.every((factor, step) => step === 0 || factor < (factors[step - 1] ?? 0)), factors.join());
  }
  for (const kind of ["constant", "poly", "step"] as const) assertEquals(scheduleMomentum({ kind }, 0), undefined);
});

Deno.test("AdamW with the momentum of the one-cycle schedule gives PyTorch's weights", async () => {
  const { total, after } = fixture.trained;
  const schedule = { kind: "one-cycle", total } as const;
  const gpu = await testGpu();
  const store = openStore(gpu);
  const optimizer = await adamW(gpu, store, { epsilon: 1e-6, weightDecay: 0.01 });
  for (const [step, gradient] of fixture.gradients.entries()) {
    const { buffer, offset } = store.gradientRange("w");
    gpu.write(buffer, pack(Float32Array.from(gradient), [3], "channels"), offset);
    optimizer.prepare({ w: peak * scheduleFactor(schedule, step) }, scheduleMomentum(schedule, step));
    gpu.submit(optimizer.dispatches);
    assertClose((await store.save()).get("w")?.values ?? [], after[step] ?? [], 1e-6, `after step ${step + 1}`);
  }
  optimizer.dispose();
  store.dispose();
});

Deno.test("SGD takes the momentum of a step in place of its own", async () => {
  const gpu = await testGpu();
  const store = openStore(gpu);
  const optimizer = await sgd(gpu, store, { momentum: 0.9, weightDecay: 0 });
  const { buffer, offset } = store.gradientRange("w");
  gpu.write(buffer, pack(Float32Array.of(1, 1, 1), [3], "channels"), offset);
  for (const momentum of [undefined, 0.5]) {
    optimizer.prepare({ w: 0.1 }, momentum);
    gpu.submit(optimizer.dispatches);
  }
  // Steps v: 1, then 0.5 + 1.
  assertClose((await store.save()).get("w")?.values ?? [], [0.25, -1.25, 1.75], 1e-6, "weights");
  optimizer.dispose();
  store.dispose();
});

function openStore(gpu: Awaited<ReturnType<typeof testGpu>>): ParameterStore {
  const store = new ParameterStore(gpu, [{
    ...{ name: "w", shape: [3], layout: "channels", group: "w", trainable: true, initial: { constant: 0 } },
  }], { groups: [{ name: "w" }] });
  store.load(new Map([["w", { shape: [3], values: Float32Array.of(0.5, -1, 2) }]]), "the test");
  return store;
}
