import { assert, assertEquals, assertThrows } from "@std/assert";
import { requireSensibleOptions } from "../../src/cli/bench_checks.ts";
import { networkText, networkWorkload } from "../../src/cli/bench_network.ts";
import { UsageError } from "../../src/errors.ts";
import { resolveSettings, type Values } from "../../src/settings/settings.ts";
import { crosswalk } from "./program.ts";

const size = { height: 32, width: 64 };

Deno.test("bench refuses options of a network without one, and engines that do not have the network", () => {
  const named = { network: "deeplabv2-resnet18", size };
  const cases: [string, Values, string][] = [
    ["kernels", named, "it goes with no other part of bench"],
    ["step", { size }, "--size is about the network of bench step --network NAME"],
    ["step", { width: 0.5 }, "--width is about the network"],
    ["step", { "label-size": size }, "--label-size is about the network"],
    ["step", { recompute: true }, "--recompute is about the network"],
    ["step", { batch: 3 }, "--batch is about the network"],
    ["step", { ...named, against: "pytorch,tfjs" }, "no other engine than pytorch: leave out --against tfjs"],
    ["step", { ...named, network: "deeplab-nano", against: "pytorch" }, "There is no deeplab-nano in PyTorch"],
  ];
  for (const [part, values, sentence] of cases) {
    assertThrows(() => requireSensibleOptions(part, resolveSettings("bench", values)), UsageError, sentence);
  }
  requireSensibleOptions("step", resolveSettings("bench", { ...named, against: "pytorch", batch: 3, width: 0.5 }));
  requireSensibleOptions("step", resolveSettings("bench", {}));
});

Deno.test("the workload has what the options say of the network; without --network there is none", () => {
  assertEquals(networkWorkload(resolveSettings("bench", {})), undefined);
  const settings = resolveSettings("bench", {
    ...{ network: "deeplabv2-resnet18", size, width: 0.125, "batch-norm": "trained", "half-activations": true },
  });
  const workload = networkWorkload(settings);
  assertEquals(workload?.model.variant, { width: 0.125, batchNorm: "trained" });
  assertEquals([workload?.batch, workload?.classes, workload?.size], [2, 19, size]);
  assertEquals([workload?.recompute, workload?.halfActivations, workload?.labelSize], [false, true, undefined]);
  assertThrows(
    () => networkWorkload(resolveSettings("bench", { network: "deeplabv2-resnet18" })),
    UsageError,
    "Give --size",
  );
});

Deno.test("the table of a network has times, speeds and what of PyTorch's results differs", () => {
  const text = networkText({
    ...{ network: "deeplabv2-resnet18", variant: { width: 0.5 }, classes: 19, trained: 1234, batch: 2, size: "32x64" },
    ...{ recompute: true, halfActivations: false, label: { size: "64x128", scales: [1], flip: true } },
    ours: { stepMs: 4, stepsPerSecond: 250, labelMs: 10, labelledPerSecond: 100, stepBytes: 1024, losses: [3, 2] },
    pytorch: {
      ...{ device: "CPU", stepMs: 8, stepsPerSecond: 125, labelMs: 20, labelledPerSecond: 50 },
      correct: { loss: true, gradients: false, labels: true },
      errors: { loss: 1e-6, gradients: 0.5, labels: 0 },
    },
    ratio: { step: null, label: 2 },
  });
  const [heading = "", , ours = "", theirs = "", last] = text.split("\n");
  assert(
    heading.startsWith("deeplabv2-resnet18, width 0.5, 19 classes, 1234 trained numbers; a step takes 2 of 32x64"),
  );
  assert(heading.includes("recomputed"));
  const cells = (line: string) => line.trim().split(/ {2,}/);
  assertEquals(cells(ours), ["ours", "4.0 ms", "250 steps/s", "10.0 ms", "100 images/s"]);
  assertEquals(cells(theirs), [
    ...["PyTorch (CPU)", "8.0 ms", "125 steps/s", "20.0 ms", "50.0 images/s"],
    "loss agrees (1.0e-6), gradients DIFFER (5.0e-1), labels agree (0.0e+0)",
  ]);
  assertEquals(last, "PyTorch's time over ours: step –, label 2.00×");
});

Deno.test("bench step --network times any network and prints one object", async () => {
  const { code, stdout, stderr } = await crosswalk(
    ...["bench", "step", "--network", "deeplab-nano", "--size", "32x64", "--batch", "1", "--width", "0.125"],
    ...["--label-size", "32x64", "--runs", "1", "--json"],
  );
  assertEquals(code, 0, stderr);
  const { ours, ...facts } = JSON.parse(stdout);
  assertEquals(facts, {
    ...{ network: "deeplab-nano", variant: { width: 0.125 }, classes: 19, trained: facts.trained, batch: 1 },
    ...{ size: "32x64", recompute: false, halfActivations: false },
    label: { size: "32x64", scales: [0.9, 1, 1.2], flip: true },
  });
  assertEquals(Math.round(ours.stepsPerSecond * ours.stepMs), 1000);
  assertEquals(Math.round(ours.labelledPerSecond * ours.labelMs), 1000);
  assertEquals(ours.losses.length, 3);
});
