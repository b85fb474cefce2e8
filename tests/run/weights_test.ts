import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ReasonedError } from "../../src/errors.ts";
import { writeStoredSafetensors } from "../../src/formats/safetensors.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { weightMetadata } from "../../src/nn/network.ts";
import { openBackbone, openWeights } from "../../src/run/weights.ts";
import { withFolder, write } from "../data/pictures.ts";
import { mxnetFile, originalTensors, type Tensors, torchFile, zeros } from "../nn/foreign_files.ts";

const width = 0.03;
const classes = ["road", "sky", "car"];
const labels = JSON.stringify({ name: "three", classes, palette: [[1, 2, 3], [4, 5, 6], [7, 8, 9]] });

/** The tensors of a small DeepLabv2 on ResNet-18 as CRST's code saves them. */
function resnet18(): Tensors {
  const model = findModel("deeplabv2-resnet18", { width });
  return originalTensors(model, model.originalNames?.[0] ?? null);
}

/** Runs `body` with a folder that holds the label set `three.json`. */
function withLabels(body: (file: (name: string, bytes: Uint8Array) => string, labelSet: string) => void) {
  return withFolder((folder) => {
    const labelSet = join(folder, "three.json");
    write(labelSet, labels);
    body((name, bytes) => {
      write(join(folder, name), bytes);
      return join(folder, name);
    }, labelSet);
  });
}

Deno.test("a network is opened from files of PyTorch, MXNet and safetensors, by any names that all tensors begin with", () =>
  withLabels((file, labelSet) => {
    const tensors = resnet18();
    const prefixed = new Map([...tensors].map(([name, tensor]) => [`module.${name}`, tensor]));
    const wide = findModel("wideresnet38", { width });
    const files = [
      file("a.pth", torchFile(prefixed)),
      file("b.th", torchFile(tensors, "stream")),
      file("c.safetensors", writeStoredSafetensors(tensors, {})),
    ];
    const expected = [...tensors.values()].map(({ values }) => [...values]);
    for (const path of files) {
      const opened = openWeights(path, { variant: { width }, labelSet });
      assertEquals([opened.model.name, opened.metadata.classes], ["deeplabv2-resnet18", classes]);
      assertEquals(opened.metadata.palette?.[1], [4, 5, 6]);
      assertEquals([...opened.tensors.values()].map(({ values }) => [...values]), expected);
      assertStringIncludes(opened.notices[0] ?? "", "names of CRST");
    }
    assertStringIncludes(
      openWeights(files[0] ?? "", { variant: { width }, labelSet }).notices[0] ?? "",
      "after module.",
    );
    const params = mxnetFile(originalTensors(wide, wide.originalNames?.[0] ?? null));
    const opened = openWeights(file("d.params", params), { variant: { width }, labelSet });
    assertEquals([opened.model.name, opened.tensors.has("linear.bias")], ["wideresnet38", true]);
  }));

Deno.test("what a foreign file does not say or does not hold is asked for, with a reason that advice is given for", () =>
  withLabels((file, labelSet) => {
    const refused = (tensors: Tensors, reason: string | undefined, sentence: string, options = {}) => {
      const path = file("w.pth", torchFile(tensors));
      const error = assertThrows(
        () => openWeights(path, { variant: { width }, labelSet, ...options }),
        Error,
        sentence,
      );
      assertEquals(error instanceof ReasonedError ? error.reason : undefined, reason);
      assertStringIncludes(error.message, path);
    };
    const without = (...names: string[]) => new Map([...resnet18()].filter(([name]) => !names.includes(name)));
    refused(resnet18(), "no label set", "does not say what its 3 classes are", { labelSet: undefined });
    refused(resnet18(), undefined, "it has 3 classes, there are 19", { labelSet: "cityscapes-19" });
    refused(new Map([["a", zeros("f32", 2)]]), "unknown network", 'names such as "a"');
    refused(new Map([["a", zeros("f32", 2)]]), undefined, "holds no tensor of that network", { model: "fcn8s-vgg16" });
    refused(without("layer1.0.conv1.weight"), "unfit weights", '1 tensor of it is missing ("layer1.0.conv1.weight")');
    refused(resnet18(), "unfit weights", "[64, 3, 7, 7]", { variant: {} });
    const backbone = new Map([...resnet18()].filter(([name]) => !name.startsWith("layer5")));
    refused(backbone, "unfit weights", "the backbone of deeplabv2-resnet18 without its head");
    refused(new Map([...resnet18(), ["conv1.weight", zeros("f32", 5, 3, 7, 7)]]), "unfit weights", "[5, 3, 7, 7]");
  }));

Deno.test("a file of ours says its network itself; what is said otherwise is named and not taken into account", () =>
  withLabels((file, labelSet) => {
    const model = findModel("deeplabv2-resnet18", { width, colors: "caffe" });
    const metadata = weightMetadata(model, { classes: ["a", "b", "c"] });
    const path = file("ours.safetensors", writeStoredSafetensors(originalTensors(model, null), metadata));
    assertEquals(openWeights(path).notices, []);
    const opened = openWeights(path, { model: "fcn8s-vgg16", labelSet });
    assertEquals([opened.model.variant, opened.metadata.classes], [model.variant, ["a", "b", "c"]]);
    assertStringIncludes(opened.notices.join(), "fcn8s-vgg16 is not taken into account");
    assertStringIncludes(opened.notices.join(), "label set three is not taken into account");
  }));

Deno.test("a backbone comes from a classifier's file; of a partial one, what fits is taken where that is wanted", () =>
  withLabels((file) => {
    const imagenet = new Map([...resnet18()].filter(([name]) => !name.startsWith("layer5")));
    imagenet.set("fc.weight", zeros("f32", 10, 16)).set("fc.bias", zeros("f32", 10));
    const wanted = { model: "deeplabv2-resnet18", variant: { width } };
    const whole = openBackbone(file("imagenet.pth", torchFile(imagenet)), wanted, false);
    assertEquals(whole.tensors.size, imagenet.size - 2);
    assertStringIncludes(whole.notices.join(), "the head is drawn anew; not used: fc.weight, fc.bias");
    const part = file(
      "part.pth",
      torchFile(
        new Map([...imagenet].filter(([name]) => !name.startsWith("layer4")).concat([["bn1.weight", zeros("f32", 5)]])),
      ),
    );
    const error = assertThrows(() => openBackbone(part, wanted, false), ReasonedError, part);
    assertEquals(error.reason, "unfit backbone");
    const taken = openBackbone(part, wanted, true);
    assertEquals([taken.tensors.has("layer3.0.conv1.weight"), taken.tensors.has("conv1.bn.gamma")], [true, false]);
    assertStringIncludes(taken.notices.join(), "drawn anew (");
    assertThrows(() => openBackbone(part, { model: "fcn8s-vgg16" }, true), Error, "holds no tensor of that network");
  }));

Deno.test("a network sees images as the backbone's file did, unless it is told otherwise", () =>
  withLabels((file) => {
    const scaled = new Map([...resnet18()].map(([name, tensor]) => [`Scale.${name}`, tensor]));
    const path = file("init.pth", torchFile(scaled));
    const colors = (variant: { readonly colors?: "rgb" | "caffe" }) =>
      openBackbone(path, { model: "deeplabv2-resnet18", variant: { width, ...variant } }, false).model.variant?.colors;
    assertEquals([colors({}), colors({ colors: "rgb" })], ["caffe", undefined]);
    const model = findModel("deeplabv2-resnet18", { width, colors: "caffe" });
    const ours = writeStoredSafetensors(originalTensors(model, null), weightMetadata(model, { classes }));
    const opened = openBackbone(file("ours.safetensors", ours), { model: "deeplabv2-resnet18" }, false);
    assertEquals(opened.model.variant, { width, colors: "caffe" });
  }));
