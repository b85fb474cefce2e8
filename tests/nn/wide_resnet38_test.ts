import { assert, assertEquals } from "@std/assert";
import { testGpu } from "../ops/harness.ts";
import { numbersOf, originals, plannedStep, tensorsOf, traced } from "./traced.ts";

Deno.test("wideresnet38 has the parameters of CBST's A1 with 19 and with 16 classes", () => {
  for (const [classes, trained] of [[19, 124_033_363], [16, 124_019_536]] as const) {
    const { parameters } = traced("wideresnet38", { classes });
    assertEquals(numbersOf(parameters.filter(({ trainable }) => trainable)), trained);
    assertEquals(numbersOf(parameters.filter(({ trainable }) => !trainable)), 47_744);
  }
});

Deno.test("the logits of wideresnet38 have an eighth of the image's size, rounded up", () => {
  const sizes = [[504, 504, 63, 63], [928, 1856, 116, 232], [1024, 2048, 128, 256], [75, 101, 10, 13]] as const;
  for (const [height, width, rows, columns] of sizes) {
    assertEquals(traced("wideresnet38", { size: [height, width] }).logits.shape, [1, 19, rows, columns]);
  }
});

Deno.test("wideresnet38 drops after the last ReLU of its two bottlenecks, with the published shares", () => {
  const { logits, dropouts } = traced("wideresnet38");
  assertEquals(dropouts, ["res6a.dropout", "res7a.dropout"]);
  const places = tensorsOf("dropout", logits).map((dropped) => {
    const reader = tensorsOf("conv2d", logits).find(({ inputs }) => inputs.includes(dropped));
    return [dropped.inputs[0]?.op, dropped.inputs[0]?.path, reader?.path];
  });
  assertEquals(places, [
    ["batchNorm", "res6a.branch2b2", "res6a.branch2b2"],
    ["batchNorm", "res7a.branch2b2", "res7a.branch2b2"],
  ]);
  const scales = tensorsOf("dropout", logits).map((dropped) =>
    dropped.definition.kernels?.(dropped, { software: true }).calls[0]?.constants.SCALE
  );
  assertEquals(scales, [1 / (1 - 0.3), 1 / (1 - 0.5)]);
});

Deno.test("what of wideresnet38's batch norms is trained is an option, and published as scale and shift", () => {
  const trained = (variant = {}) =>
    traced("wideresnet38", { variant }).parameters.filter(({ name, trainable }) => trainable && name.includes(".bn."));
  assertEquals(numbersOf(trained()), 47_744);
  assertEquals(trained({ batchNorm: "frozen" }), []);
  assertEquals(trained({ batchNorm: "trained" }).length, trained().length);
});

Deno.test("wideresnet38 trains biases and shifts in groups of their own", () => {
  const { parameters } = traced("wideresnet38");
  const groups = Object.fromEntries(parameters.map(({ name, group }) => [name, group]));
  assertEquals(groups["res4b3.branch2b1.weight"], "backbone");
  assertEquals(groups["bn7.bn.gamma"], "backbone");
  assertEquals(groups["bn7.bn.beta"], "backbone.bias");
  assertEquals([groups["conv6a.weight"], groups["conv6a.bias"]], ["head", "head.bias"]);
  assertEquals([groups["linear.weight"], groups["linear.bias"]], ["head", "head.bias"]);
});

Deno.test("wideresnet38 has the names of CBST's files, and its backbone those of the ImageNet file", () => {
  const { model, parameters } = traced("wideresnet38");
  const [cbst, imagenet] = model.originalNames ?? [];
  const names = originals(cbst, parameters);
  assertEquals(names.size, 195);
  assertEquals([...names.keys()].filter((name) => name.startsWith("arg:")).length, 121);
  for (
    const [name, shape] of [
      ["arg:conv1a_weight", [64, 3, 3, 3]],
      ["arg:res2a_branch1_weight", [128, 64, 1, 1]],
      ["arg:res2b1_branch2a_weight", [128, 128, 3, 3]],
      ["arg:bn2a_branch2a_gamma", [64]],
      ["arg:bn5b2_branch2b1_beta", [512]],
      ["aux:bn6a_branch2b2_moving_mean", [1024]],
      ["aux:bn7_moving_var", [4096]],
      ["arg:res7a_branch2b2_weight", [4096, 2048, 1, 1]],
      ["arg:conv6a_bias", [512]],
      ["arg:linear19_weight", [19, 512, 3, 3]],
    ] as const
  ) assertEquals(names.get(name), shape, name);
  const sixteen = originals(cbst, traced("wideresnet38", { classes: 16 }).parameters, 16);
  assert(sixteen.has("arg:linear16_bias"));
  const backbone = originals(imagenet, parameters);
  assertEquals(backbone.size, 191);
  assertEquals([...backbone.keys()].filter((name) => !names.has(name)), []);
});

Deno.test("a step of wideresnet38 on two images of 504×504 can be bound in parts of 128 MiB", async () => {
  const memory = plannedStep(await testGpu(), "wideresnet38", { batch: 2, size: [504, 504], limit: 2 ** 27 });
  assertEquals(memory.unbindable, null);
  // The published batch, with activations computed a second time.
  assert(memory.activationBytes < 2.2e9, `${memory.activationBytes} bytes of activations`);
});
