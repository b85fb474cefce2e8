import { assert, assertEquals } from "@std/assert";
import type { ParameterValues } from "../../src/formats/safetensors.ts";
import { input } from "../../src/graph/tensor.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { Network } from "../../src/nn/network.ts";
import { collectParameters, type ParameterDeclaration } from "../../src/nn/parameters.ts";
import { tensorOf } from "../../src/nn/running_statistics.ts";
import type { ModelVariant } from "../../src/nn/variant.ts";
import { testGpu } from "../ops/harness.ts";

/** The parameters of a network of 19 classes, and the size of its logits. */
function traced(name: string, variant: ModelVariant = {}, [height, width] = [64, 64], classes = 19) {
  const model = findModel(name, variant);
  let shape: readonly number[] = [];
  const parameters = collectParameters((scope) => {
    shape = model.logits(input("images", [1, 3, height, width]), scope, { classes, inference: false }).shape;
  });
  return { model, parameters, logits: shape.slice(2) };
}

const count = (parameters: readonly ParameterDeclaration[]) =>
  parameters.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
const isStatistic = ({ name }: ParameterDeclaration) => /\.bn\.(mean|var|running)$/.test(name);

Deno.test("deeplabv2-resnet101 has CRST's parameters", () => {
  const { parameters } = traced("deeplabv2-resnet101");
  assertEquals(count(parameters.filter((one) => !isStatistic(one))), 43_901_068);
  assertEquals(count(parameters.filter(isStatistic)), 105_344);
  assertEquals(parameters.length, 528);
  // Batch norms are frozen.
  assertEquals(count(parameters.filter(({ trainable }) => trainable)), 43_795_724);
  const sixteen = traced("deeplabv2-resnet101", {}, [64, 64], 16).parameters;
  assertEquals(count(sixteen.filter((one) => !isStatistic(one))), 43_679_872);
});

Deno.test("the logits of deeplabv2-resnet101 have CRST's sizes", () => {
  const sizes = {
    ...{ "512x1024": [65, 129], "1024x2048": [129, 257], "922x1843": [116, 231], "921x1843": [116, 231] },
    ...{ "1228x2457": [154, 308], "500x500": [63, 63], "760x1280": [96, 161], "1052x1914": [132, 240] },
  };
  for (const [size, wanted] of Object.entries(sizes)) {
    const [height = 0, width = 0] = size.split("x").map(Number);
    for (const name of ["deeplabv2-resnet101", "deeplabv2-resnet18"]) {
      assertEquals(traced(name, {}, [height, width]).logits, wanted, `${name} at ${size}`);
    }
  }
});

Deno.test("what of batch norms is trained is an option", () => {
  const trained = (batchNorm: "frozen" | "affine" | "trained") =>
    traced("deeplabv2-resnet50", { batchNorm }).parameters.filter(({ name, trainable }) =>
      trainable && name.includes(".bn.")
    );
  assertEquals(trained("frozen"), []);
  assertEquals(count(trained("affine")), 2 * 26_560);
  assertEquals(trained("trained").map(({ name }) => name), trained("affine").map(({ name }) => name));
});

Deno.test("biases and shifts have groups of their own, in the backbone and in the head", () => {
  const { model, parameters } = traced("deeplabv2-resnet18", { batchNorm: "affine" });
  const groupOf = (name: string) => parameters.find((one) => one.name === name)?.group;
  assertEquals(groupOf("layer3.0.conv2.weight"), "backbone");
  assertEquals(groupOf("layer3.0.conv2.bn.gamma"), "backbone");
  assertEquals(groupOf("layer3.0.conv2.bn.beta"), "backbone.bias");
  assertEquals(groupOf("layer5.rate6.weight"), "head");
  assertEquals(groupOf("layer5.rate6.bias"), "head.bias");
  assertEquals(model.groups?.filter(({ head }) => head).map(({ name }) => name), ["head", "head.bias"]);
});

Deno.test("a ResNet has the names of CRST's files, and its backbone those of torchvision", () => {
  const { model, parameters } = traced("deeplabv2-resnet101");
  const { originalNames: [crst, ...others] = [] } = model;
  const torchvision = others.find(({ family }) => family === "torchvision");
  const names = parameters.map(({ name, shape }) => crst?.original(name, { shape, classes: 19 })?.name ?? "");
  assertEquals(new Set(names).size, 528);
  for (
    const name of [
      ...[
        "conv1.weight",
        "bn1.weight",
        "bn1.bias",
        "layer1.0.downsample.0.weight",
        "layer1.0.downsample.1.running_var",
      ],
      ...["layer3.22.conv3.weight", "layer3.22.bn3.running_mean", "layer5.conv2d_list.3.weight"],
    ]
  ) assert(names.includes(name), name);
  const heads = parameters.filter(({ name, shape }) => torchvision?.original(name, { shape, classes: 19 }) === null);
  assertEquals(heads.map(({ name }) => name.split(".")[0]), new Array<string>(8).fill("layer5"));
  assert(crst?.ignored?.("bn1.num_batches_tracked"));
  // As in torchvision, the first layer of a ResNet-18 has no shortcuts of its own.
  const small = traced("deeplabv2-resnet18").parameters.map(({ name }) => name);
  assertEquals(small.filter((name) => name.endsWith(".downsample.weight")), [
    ...["layer2.0.downsample.weight", "layer3.0.downsample.weight", "layer4.0.downsample.weight"],
  ]);
});

Deno.test("a network of two heads has both in its weights and trains the one that gives the labels", () => {
  const { parameters } = traced("deeplabv2-resnet50", { heads: "layer5+layer6", branches: 2 });
  const heads = parameters.filter(({ name }) => /^layer[56]\.rate/.test(name) && name.endsWith(".weight"));
  assertEquals(heads.map(({ shape }) => shape[1]), [1024, 1024, 1024, 1024, 2048, 2048, 2048, 2048]);
  const trained = heads.filter(({ trainable }) => trainable).map(({ name }) => name);
  assertEquals(trained, ["layer6.rate6.weight", "layer6.rate12.weight"]);
});

Deno.test("statistics of batch norms are loaded in either form", async () => {
  const gpu = await testGpu();
  const open = (batchNorm: "frozen" | "trained") =>
    new Network(gpu, findModel("deeplabv2-resnet18", { width: 0.0625, batchNorm }), { classes: ["a", "b"] });
  const [fixed, following, back] = [open("frozen"), open("trained"), open("frozen")];
  fixed.store.initialize(1);
  const values = new Map<string, ParameterValues>(
    [...await fixed.store.save()].map(([name, { shape, values }]) => [
      name,
      { shape, values: values.map((value, index) => name.includes(".bn.") ? index + name.length / 100 : value) },
    ]),
  );
  following.store.load(values, "fixed statistics");
  const saved = await following.store.save();
  assertEquals(saved.get("conv1.bn.running")?.shape, [2, 4]);
  assertEquals(saved.get("conv1.bn.running")?.values.slice(4), values.get("conv1.bn.var")?.values);
  back.store.load(saved, "following statistics");
  assertEquals(await back.store.save(), values);
  assertEquals(tensorOf(values, "conv9.bn.running"), undefined);
  for (const network of [fixed, following, back]) network.dispose();
});
