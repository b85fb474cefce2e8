import { assertEquals, assertThrows } from "@std/assert";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { input } from "../../src/graph/tensor.ts";
import { findModel, models } from "../../src/nn/models/mod.ts";
import { loadNetwork, Network, readWeights } from "../../src/nn/network.ts";
import { collectParameters } from "../../src/nn/parameters.ts";
import { hiddenChannels, type ModelVariant, readVariant } from "../../src/nn/variant.ts";
import { modelVariant } from "../../src/settings/model_variant.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { testGpu } from "../ops/harness.ts";

/** Names and shapes of a network's parameters. */
function shapesOf(name: string, variant: ModelVariant): Map<string, readonly number[]> {
  const model = findModel(name, variant);
  const images = input("images", [1, model.takes.channels, 64, 64]);
  const found = collectParameters((scope) => model.logits(images, scope, { classes: 5, inference: false }));
  return new Map(found.map(({ name, shape }) => [name, shape]));
}

Deno.test("a width is a factor on hidden channels, in multiples of 4", () => {
  assertEquals([24, 64, 768, 8].map((channels) => hiddenChannels(channels, 0.125)), [4, 8, 96, 4]);
  assertEquals([64, 30].map((channels) => hiddenChannels(channels, 1.5)), [96, 44]);
  assertEquals(hiddenChannels(30, 1), 30);
});

Deno.test("every network has a width, which leaves its inputs and classes as they are", () => {
  for (const { name, takes } of models) {
    const [plain, narrow] = [shapesOf(name, {}), shapesOf(name, { width: 0.125 })];
    assertEquals([...narrow.keys()], [...plain.keys()], name);
    const weights = [...plain].filter(([, shape]) => shape.length === 4);
    const [first = "", last = ""] = [weights[0]?.[0], weights.at(-1)?.[0]];
    assertEquals(narrow.get(first)?.[1], takes.channels, name);
    assertEquals(narrow.get(last)?.[0], 5, name);
    assertEquals(narrow.get(first)?.[0], hiddenChannels(plain.get(first)?.[0] ?? 0, 0.125), name);
    assertEquals(narrow.get(last)?.[1], hiddenChannels(plain.get(last)?.[1] ?? 0, 0.125), name);
  }
});

Deno.test("a weight file says which variant it holds, and is read as that", async () => {
  const gpu = await testGpu();
  const model = findModel("deeplab-nano", { width: 0.25 });
  const network = new Network(gpu, model, { classes: ["a", "b"] });
  network.store.initialize(3);
  const bytes = await network.save();
  network.dispose();
  assertEquals(readWeights(bytes, "w").variant, { width: 0.25 });
  const again = loadNetwork(gpu, bytes, "w", { trainable: false });
  assertEquals(again.model.variant, { width: 0.25 });
  assertEquals(await again.save(), bytes);
  again.dispose();
});

Deno.test("a weight file that names no variant holds the plain network", () => {
  const tensors = new Map([["t", { shape: [1], values: Float32Array.of(1) }]]);
  const plain = writeSafetensors(tensors, { model: "deeplab-nano: small", classes: "a|b" });
  assertEquals(readWeights(plain, "w").variant, {});
  assertEquals(findModel("deeplab-nano", { width: 1 }).variant, {});
});

Deno.test("a variant that cannot be is refused with the file's name", () => {
  for (const text of ['{"width": "wide"}', '{"depth": 3}', "{", '{"width": 1, "width": 2}', '{"branches": 3}']) {
    assertThrows(() => readVariant(text, "w.safetensors"), Error, "the metadata of w.safetensors", text);
  }
  assertThrows(
    () => findModel("deeplab-nano", { branches: 2 }, "w.safetensors"),
    Error,
    'deeplab-nano has no variants that differ in "branches", as w.safetensors wants it; they may differ in "width"',
  );
});

Deno.test("options give a variant, and leave out what they do not say", () => {
  assertEquals(modelVariant(resolveSettings("train", {})), {});
  assertEquals(
    modelVariant(resolveSettings("train", { width: 0.5, "batch-norm": "affine", branches: 2, "skip-scale": "off" })),
    { width: 0.5, batchNorm: "affine", branches: 2, skipScale: false },
  );
  assertThrows(
    () => modelVariant(resolveSettings("train", { branches: 3 })),
    Error,
    "--branches is 3, expected 2 or 4",
  );
});
