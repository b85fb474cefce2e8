import { assert, assertEquals } from "@std/assert";
import { modelOf } from "../../src/nn/model.ts";
import { findModel, modelFamilies } from "../../src/nn/models/mod.ts";
import { headGroups } from "../../src/nn/network.ts";
import { recognised } from "../../src/nn/weight_match.ts";
import { originalTensors, zeros } from "./foreign_files.ts";

const variant = { width: 0.03 };

Deno.test("a file of every family of every network is recognised by its names, with its classes", () => {
  let families = 0;
  for (const family of modelFamilies) {
    for (const names of modelOf(family).originalNames ?? []) {
      const model = modelOf(family, { ...names.variant, ...variant });
      for (const classes of family.name === "wideresnet38" ? [19, 16] : [19]) {
        const tensors = originalTensors(model, names, { classes, values: "zeros" });
        const prefixes = names.prefix === undefined ? [] : [names.prefix];
        const match = recognised(tensors, { variant, prefixes });
        const hasHead = match?.missing.length === 0;
        const what = `${family.name}, ${names.family}`;
        assertEquals([match?.model.name, match?.misshaped, match?.unexpected], [family.name, [], []], what);
        assert(match?.missing.every(({ inHead }) => inHead), `${what}: the backbone`);
        assertEquals(match?.classes, hasHead ? classes : null, what);
        assertEquals([match?.names?.family, match?.model.variant], [names.family, model.variant], what);
      }
      families++;
    }
  }
  assert(families >= 9, `${families} families`);
});

Deno.test("what a file has too much, too little or in another shape is told by name", () => {
  const model = findModel("deeplabv2-resnet18", variant);
  const tensors = originalTensors(model, model.originalNames?.[0] ?? null);
  tensors.delete("layer1.0.conv1.weight");
  tensors.set("layer2.0.bn1.weight", zeros("f32", 5));
  tensors.set("fc.weight", zeros("f32", 10, 4));
  tensors.set("bn1.num_batches_tracked", zeros("i64"));
  const match = recognised(tensors, { variant });
  assertEquals(match?.missing.map(({ name, original }) => [name, original]), [
    ["layer1.0.conv1.weight", "layer1.0.conv1.weight"],
  ]);
  assertEquals(match?.misshaped.map(({ name, found, wanted }) => [name, found, wanted]), [
    ["layer2.0.conv1.bn.gamma", [5], [4]],
  ]);
  assertEquals([match?.unexpected, match?.ignored], [["fc.weight"], ["bn1.num_batches_tracked"]]);
  assertEquals(match?.matched.length, tensors.size - 3);
  // Of another width the names are right, and all shapes but those of the classes are wrong.
  const wider = recognised(tensors, { model: "deeplabv2-resnet18" });
  assertEquals([wider?.names?.family, wider?.missing.length], ["CRST", 1]);
});

Deno.test("the files of AdaptSegNet set the variant that computes what they were trained for, unless told otherwise", () => {
  const two = findModel("deeplabv2-resnet18", { ...variant, heads: "layer5+layer6" });
  const tensors = originalTensors(two, two.originalNames?.[0] ?? null);
  const found = { heads: "layer5+layer6", branches: 2, colors: "caffe", ...variant } as const;
  assertEquals(recognised(tensors, { variant })?.model.variant, found);
  const advent = recognised(tensors, { variant: { ...variant, branches: 4 } });
  assertEquals(advent?.model.variant, { heads: "layer5+layer6", colors: "caffe", ...variant });
  const one = findModel("deeplabv2-resnet18", variant);
  const single = originalTensors(one, one.originalNames?.[0] ?? null);
  assertEquals(recognised(single, { variant })?.model.variant, variant);
  const caffe = recognised(single, { variant, prefixes: ["Scale."] });
  assertEquals(caffe?.model.variant, { colors: "caffe", ...variant });
  const backbone = new Map([...single].filter(([name]) => !name.startsWith("layer5.")));
  const families = [[], ["Scale."]].map((prefixes) => recognised(backbone, { variant, prefixes })?.names?.family);
  assertEquals(families, ["torchvision", "Caffe's ResNet"]);
});

Deno.test("tensors of nothing known are not recognised, a part of a named network is", () => {
  assertEquals(recognised(new Map([["a", zeros("f32", 2)]])), null);
  const part = new Map([["conv1.weight", zeros("f32", 64, 3, 7, 7)]]);
  assertEquals(recognised(part), null);
  assertEquals(recognised(part, { model: "deeplabv2-resnet18" })?.matched.length, 1);
  assertEquals(recognised(new Map([["a", zeros("f32", 2)]]), { model: "deeplabv2-resnet18" }), null);
});

Deno.test("a fixed kernel of the file that was trained is told, and so is our own form of statistics", () => {
  const model = findModel("fcn8s-vgg16", variant);
  const names = model.originalNames?.[0] ?? null;
  const tensors = originalTensors(model, names);
  assertEquals([...recognised(tensors, { variant })?.ignored ?? []].sort(), [
    "upscore2.weight",
    "upscore8.weight",
    "upscore_pool4.weight",
  ]);
  tensors.set("upscore8.weight", zeros("f32", 3, 3, 16, 16));
  assertEquals(recognised(tensors, { variant })?.changed, ["upscore8.weight"]);

  const trained = findModel("deeplabv2-resnet18", { ...variant, batchNorm: "trained" });
  const ours = originalTensors(trained, null);
  assert(ours.has("conv1.bn.running"));
  const match = recognised(ours, { variant });
  assertEquals([match?.names, match?.missing, match?.unexpected], [null, [], []]);
  const rows = ours.get("conv1.bn.running")?.values;
  const mean = match?.matched.find(({ name }) => name === "conv1.bn.mean")?.tensor.values;
  const variance = match?.matched.find(({ name }) => name === "conv1.bn.var")?.tensor.values;
  assertEquals([...mean ?? [], ...variance ?? []], [...rows ?? []]);
});

Deno.test("heads have parameters", () => {
  for (const family of modelFamilies) assert(headGroups(modelOf(family)).size > 0, family.name);
});
