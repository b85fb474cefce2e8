import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { formulaLabels } from "../../bench/formula.ts";
import { type NetworkRuns, networkTimes, networkTolerance, pytorchRow } from "../../bench/network_report.ts";
import { NetworkRun, type NetworkWorkload } from "../../bench/network_run.ts";
import { benchNetwork, pytorchNetworks } from "../../bench/network_step.ts";
import { findPython } from "../../bench/python.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { testGpu } from "../ops/harness.ts";

const silent = () => undefined;

function toy(name: string, options: Partial<NetworkWorkload> = {}): NetworkWorkload {
  const model = findModel(name, { width: 0.125 });
  return { model, classes: 5, batch: 2, size: { height: 32, width: 64 }, ...options };
}

function runsOf(changed: Partial<NetworkRuns> = {}): NetworkRuns {
  return {
    ...{ stepTimes: [9, 2, 4, 6], losses: [3, 2, 1, 0.5], labelTimes: [100, 10] },
    ...{ gradients: new Map([["a", [3, 4]], ["b", [0]]]), labels: [1, 2, 3, 4] },
    ...changed,
  };
}

Deno.test("a network's times are medians without the warm-up, and how many fit into a second", () => {
  assertEquals(networkTimes(runsOf()), { stepMs: 4, stepsPerSecond: 250, labelMs: 10, labelledPerSecond: 100 });
  assertEquals(networkTimes(runsOf({ labelTimes: [] })), { stepMs: 4, stepsPerSecond: 250 });
  assertEquals(networkTimes(runsOf({ stepTimes: [] })), null);
});

Deno.test("PyTorch's row says which of our results agree with its own, and how far they lie apart", () => {
  const half = false;
  const same = pytorchRow(runsOf(), runsOf(), { half, device: "CPU" });
  assertEquals(same.correct, { loss: true, gradients: true, labels: true });
  assertEquals([same.errors, same.device], [{ loss: 0, gradients: 0, labels: 0 }, "CPU"]);
  const wrong = (changed: Partial<NetworkRuns>) => pytorchRow(runsOf(changed), runsOf(), { half });
  const loss = wrong({ losses: [3, 2.01, 1] });
  assertEquals(loss.correct, { loss: false, gradients: true, labels: true });
  assertAlmostEquals(loss.errors.loss ?? NaN, 0.005);
  const gradients = new Map([["a", [3, 4]], ["b", [0.2]]]);
  assertEquals(wrong({ gradients }).correct, { loss: true, gradients: false, labels: true });
  assertAlmostEquals(wrong({ gradients }).errors.gradients ?? NaN, 0.04);
  assertEquals(pytorchRow(runsOf({ gradients }), runsOf(), { half: true }).correct.gradients, true);
  assertEquals(wrong({ gradients: new Map([["a", [3, 4]]]) }).correct.gradients, false);
  assertEquals(wrong({ losses: [NaN, 2, 1] }).correct.loss, false);
  assertEquals(wrong({ labels: [1, 2, 3, 5] }).errors.labels, 0.25);
  assertEquals(wrong({ labels: [] }).correct, { loss: true, gradients: true });
});

Deno.test("nothing agrees with a PyTorch that did not run, and its row says why", () => {
  const nothing = runsOf({ stepTimes: [], losses: [], labelTimes: [], gradients: new Map(), labels: [] });
  const row = pytorchRow(runsOf(), nothing, { half: false, error: "there is none" });
  assertEquals(row, {
    error: "there is none",
    correct: { loss: false, gradients: false, labels: false },
    errors: { loss: null, gradients: null, labels: null },
  });
});

Deno.test("a network's step trains, its image gets a label for each pixel, and recomputing changes no loss", async () => {
  const gpu = await testGpu();
  const labelSize = { height: 32, width: 64 };
  const losses: number[][] = [];
  for (const recompute of [false, true]) {
    await using run = await NetworkRun.open(gpu, toy("deeplab-nano", { recompute }));
    if (!recompute) {
      const { values } = await run.label(labelSize);
      assertEquals(values.length, 32 * 64);
      assert(values.every((label) => label < 5) && new Set(values).size > 1);
    }
    losses.push([await run.train(), await run.train(), await run.train()]);
    assert([...(await run.gradients()).values()].some((sketch) => sketch.some((value) => value !== 0)));
  }
  const [kept = [], again = []] = losses;
  assert(kept.every((loss, step) => step === 0 || loss < (kept[step - 1] ?? 0)), `${kept}`);
  assertEquals(kept, again);
  assert(formulaLabels(0, 100, 5).includes(255));
});

const python = await findPython(["torch", "numpy"]);

Deno.test({
  name: "bench step --network finds that a network of width 0.125 has PyTorch's losses, gradients and labels",
  ignore: python === null,
  async fn() {
    const gpu = await testGpu();
    const workload = toy("deeplabv2-resnet18", { labelSize: { height: 32, width: 64 } });
    const report = await benchNetwork(gpu, workload, { runs: 1, pytorch: true, say: silent });
    const { pytorch, ratio, ours } = report;
    assertEquals(pytorch?.error, undefined);
    assertEquals(
      pytorch?.correct,
      { loss: true, gradients: true, labels: true },
      JSON.stringify(pytorch?.errors),
    );
    assert((pytorch?.errors.gradients ?? 1) > 0 && ours.losses.length === 3);
    assert((ratio?.step ?? 0) > 0 && (ratio?.label ?? 0) > 0);
  },
});

Deno.test("the networks that are said to be in PyTorch are those of peers/networks", () => {
  const path = fileURLToPath(new URL("../../bench/peers/networks/workload.py", import.meta.url));
  const [, table = ""] = /NETWORKS = \{([^}]*)\}/.exec(Deno.readTextFileSync(path)) ?? [];
  assertEquals([...table.matchAll(/"([^"]+)":/g)].map(([, name]) => name), [...pytorchNetworks]);
  assert(networkTolerance.loss < networkTolerance.gradients);
});
