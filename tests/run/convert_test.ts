import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeRgbPng } from "../../src/data/encode.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { readStoredSafetensors, writeStoredSafetensors } from "../../src/formats/safetensors.ts";
import type { StoredTensor } from "../../src/formats/stored_tensor.ts";
import { modelOf } from "../../src/nn/model.ts";
import { findModel, modelFamilies } from "../../src/nn/models/mod.ts";
import { declaredParameters, readWeights, weightMetadata } from "../../src/nn/network.ts";
import { type ConvertOptions, openConversion } from "../../src/run/convert.ts";
import { openWeights } from "../../src/run/weights.ts";
import { crosswalk } from "../cli/program.ts";
import { withFolder, write } from "../data/pictures.ts";
import { mxnetFile, originalTensors, stored, type Tensors, torchFile, zeros } from "../nn/foreign_files.ts";

const width = 0.03;
const options: ConvertOptions = { variant: { width }, names: "ours", backboneOnly: false };
const labels = JSON.stringify({ name: "three", classes: ["road", "sky", "car"] });

/** Writes a label set and a file, and gives the paths of both. */
function files(folder: string, name: string, bytes: Uint8Array): [path: string, labelSet: string] {
  write(join(folder, "three.json"), labels);
  write(join(folder, name), bytes);
  return [join(folder, name), join(folder, "three.json")];
}

/** Types, shapes and bytes of tensors, by name. */
function contents(tensors: ReadonlyMap<string, StoredTensor>): [string, string][] {
  return [...tensors].map(([name, tensor]): [string, string] => [
    name,
    `${tensor.dtype} [${tensor.shape}] ${[...tensor.bytes()]}`,
  ]).sort(([a], [b]) => a < b ? -1 : 1);
}

Deno.test("from a foreign file to ours and back, every tensor of every family has the same bytes", () =>
  withFolder((folder) => {
    for (const family of modelFamilies) {
      const [names] = modelOf(family).originalNames ?? [];
      if (names === undefined) continue;
      const tensors = originalTensors(modelOf(family, { width }), names);
      const isMxnet = [...tensors.keys()].some((name) => name.startsWith("arg:"));
      const [path, labelSet] = files(folder, "foreign", isMxnet ? mxnetFile(tensors) : torchFile(tensors));
      const ours = join(folder, "ours.safetensors");
      write(ours, openConversion(path, { ...options, labelSet }).write());
      const { model, variant, metadata } = readWeights(Uint8Array.from(readFileSync(ours)), ours);
      assertEquals([model, variant, metadata.classes], [family.name, { width }, ["road", "sky", "car"]]);
      for (const from of [ours, path]) {
        const back = openConversion(from, { ...options, names: "original" }).write();
        assertEquals(contents(readStoredSafetensors(back, "back").tensors), contents(tensors), family.name);
      }
    }
  }));

Deno.test("16-bit numbers are kept bit by bit; doubles are rounded, which is said; counters of batches are left out", () =>
  withFolder((folder) => {
    const model = findModel("deeplabv2-resnet18", { width });
    const tensors: Tensors = originalTensors(model, model.originalNames?.[0] ?? null);
    tensors.set(
      "conv1.weight",
      stored("f16", [4, 3, 7, 7], Uint8Array.from({ length: 1176 }, (_, index) => index % 60)),
    );
    tensors.set("bn1.weight", stored("bf16", [4], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
    const doubles = Float64Array.of(0.1, -1e-300, 3, 1 / 3);
    tensors.set("bn1.bias", stored("f64", [4], new Uint8Array(doubles.buffer)));
    tensors.set("bn1.num_batches_tracked", zeros("i64"));
    const [path, labelSet] = files(folder, "w.pth", torchFile(tensors));
    const conversion = openConversion(path, { ...options, labelSet });
    assertEquals(conversion.rounded, ["conv1.bn.beta"]);
    const ours = readStoredSafetensors(conversion.write(), "ours").tensors;
    const kept = (name: string) => [ours.get(name)?.dtype, [...ours.get(name)?.bytes() ?? []]];
    assertEquals(kept("conv1.weight"), ["f16", [...tensors.get("conv1.weight")?.bytes() ?? []]]);
    assertEquals(kept("conv1.bn.gamma"), ["bf16", [1, 2, 3, 4, 5, 6, 7, 8]]);
    assertEquals([...ours.get("conv1.bn.beta")?.values ?? []], [...Float32Array.from(doubles)]);
    assertEquals(ours.size, tensors.size - 1);
  }));

Deno.test("a file that lacks something is not written; without its head it is one of a backbone", () =>
  withFolder((folder) => {
    const model = findModel("deeplabv2-resnet18", { width });
    const tensors = originalTensors(model, model.originalNames?.[0] ?? null);
    const [whole] = files(folder, "whole.pth", torchFile(tensors));
    assertThrows(() => openConversion(whole, options).write(), Error, "does not say what its 3 classes are");
    const backbone = openConversion(whole, { ...options, backboneOnly: true }).write();
    const read = readStoredSafetensors(backbone, "backbone");
    assertEquals([read.metadata.classes, read.metadata.model?.split(":")[0]], [undefined, "deeplabv2-resnet18"]);
    assert(![...read.tensors.keys()].some((name) => name.startsWith("layer5")));
    const headless = new Map([...tensors].filter(([name]) => !name.startsWith("layer5")));
    const [part] = files(folder, "part.pth", torchFile(headless));
    assertEquals(readStoredSafetensors(openConversion(part, options).write(), "part").tensors.size, headless.size);
    headless.delete("layer3.0.conv1.weight");
    const [broken] = files(folder, "broken.pth", torchFile(headless));
    const conversion = openConversion(broken, options);
    assertThrows(conversion.write, Error, '"layer3.0.conv1.weight"');
  }));

Deno.test("a network of this program has no other names; statistics that follow batches are written apart", () =>
  withFolder((folder) => {
    const nano = findModel("deeplab-nano");
    const metadata = weightMetadata(nano, { classes: ["a", "b", "c"] });
    const [own] = files(folder, "nano.safetensors", writeStoredSafetensors(originalTensors(nano, null), metadata));
    const original = openConversion(own, { names: "original", backboneOnly: false });
    assertEquals(original.match.missing, []);
    assertThrows(original.write, Error, "deeplab-nano is a network of this program");
    const model = findModel("deeplabv2-resnet18", { width, batchNorm: "trained" });
    const trained = originalTensors(model, null);
    const [path] = files(
      folder,
      "trained.safetensors",
      writeStoredSafetensors(trained, weightMetadata(model, { classes: ["a", "b", "c"] })),
    );
    const bytes = openConversion(path, { names: "original", backboneOnly: false }).write();
    const { tensors } = readStoredSafetensors(bytes, "original");
    const apart = ["bn1.running_mean", "bn1.running_var"].flatMap((name) => [...tensors.get(name)?.values ?? []]);
    assertEquals(apart, [...trained.get("conv1.bn.running")?.values ?? []]);
    const again = readWeights(openConversion(path, { names: "ours", backboneOnly: false }).write(), "again");
    assertEquals(again.variant, { width, batchNorm: "trained" });
  }));

Deno.test("convert prints a table of all tensors, or JSON, and writes the file", () =>
  withFolder(async (folder) => {
    const model = findModel("deeplabv2-resnet18", { width });
    const tensors = originalTensors(model, model.originalNames?.[0] ?? null, { values: "zeros" });
    tensors.set("fc.weight", zeros("f32", 2, 2));
    const [path, labelSet] = files(folder, "w.pth", torchFile(tensors));
    const out = join(folder, "out", "ours.safetensors");
    const args = ["convert", "--weights", path, "--width", `${width}`, "--label-set", labelSet, "--out", out];
    const printed = await crosswalk(...args);
    assertEquals(printed.code, 0, printed.stderr);
    for (const row of [/^matched +conv1\.bn\.gamma +bn1\.weight +\[4\] +F32$/m, /^unexpected +fc\.weight$/m]) {
      assert(row.test(printed.stdout), printed.stdout);
    }
    assertStringIncludes(printed.stdout, "108 matched, 0 missing, 0 mis-shaped, 1 unexpected");
    const json = JSON.parse((await crosswalk("convert", "--weights", out, "--json")).stdout);
    assertEquals([json.model, json.variant, json.classes, json.names], ["deeplabv2-resnet18", { width }, 3, "ours"]);
    assertEquals([json.matched.length, json.missing, json.unexpected, json.written], [108, [], [], null]);
  }));

const folderOfScripts = fileURLToPath(new URL("originals", import.meta.url));

/** A Python with PyTorch; `null` where there is none. Importing it would take seconds, so it is only looked for. */
const python = (() => {
  const isThere = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)";
  return ["/usr/bin/python3", "python3"].find((command) => {
    try {
      return new Deno.Command(command, { args: ["-c", isThere] }).outputSync().success;
    } catch {
      return false;
    }
  }) ?? null;
})();

async function run(script: string, args: readonly string[]): Promise<string> {
  const command = new Deno.Command(python ?? "python3", { args: [join(folderOfScripts, script), ...args] });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  assert(success, text.decode(stderr));
  return text.decode(stdout);
}

Deno.test({
  name: "PyTorch loads what convert writes with strict=True, and its networks give our logits" +
    (python === null ? " [skipped: no PyTorch]" : ""),
  ignore: python === null,
  fn: () =>
    withFolder(async (folder) => {
      const pixels = Uint8Array.from({ length: 24 * 40 * 3 }, (_, index) => (index * 7919) % 251);
      write(join(folder, "image.rgb"), pixels);
      const image = join(folder, "image.png");
      write(image, encodeRgbPng(pixels, 24, 40));
      const names = ["deeplabv2-resnet18", "deeplabv2-resnet18-multi", "fcn8s-vgg16"];
      const [, labelSet] = files(folder, "labels", new Uint8Array());
      await run("save.py", [folder, `${width}`, "3", ...names]);
      for (const name of names) {
        const conversion = openConversion(join(folder, `${name}.pth`), { ...options, labelSet, names: "original" });
        write(join(folder, `${name}.safetensors`), conversion.write());
      }
      assertEquals(
        await run("load.py", [folder, `${width}`, "3", ...names]),
        "deeplabv2-resnet18 108\n" +
          "deeplabv2-resnet18-multi 116\nfcn8s-vgg16 39\n",
      );
      for (const name of names.slice(0, 2)) {
        const out = join(folder, name);
        const args = ["--width", `${width}`, "--label-set", labelSet, "--images", image, "--logits", "--out", out];
        const { code, stderr } = await crosswalk("predict", "--weights", join(folder, `${name}.pth`), ...args);
        assertEquals(code, 0, stderr);
        const [ours, theirs] = [join(out, "image.npy"), join(folder, `${name}.npy`)].map((path) => {
          const { shape, data } = readNpy(Uint8Array.from(readFileSync(path)), path);
          return { shape, values: Array.from(data, Number) };
        });
        assertEquals(ours?.shape, theirs?.shape);
        const difference = Math.hypot(...(ours?.values ?? []).map((value, i) => value - (theirs?.values[i] ?? NaN)));
        assert(difference <= 1e-4 * Math.hypot(...theirs?.values ?? []), `${name}: ${difference}`);
      }
    }),
});

Deno.test("a file of FIDNet, with the statistics of its batch norms, is a network whose batch norms are trained", () =>
  withFolder((folder) => {
    const model = findModel("fidnet-nano");
    const tensors = originalTensors(model, model.originalNames?.[0] ?? null);
    for (const norm of ["backend.bn_0", "backend.layer2.0.downsample.1", "semantic_head.bn2"]) {
      for (const part of ["weight", "bias", "running_mean", "running_var"]) {
        assert(tensors.has(`${norm}.${part}`), norm);
      }
    }
    const [path, labelSet] = files(folder, "fidnet.pth", torchFile(tensors));
    const opened = openWeights(path, { labelSet, model: "fidnet-nano" });
    assertEquals([opened.model.name, opened.model.variant], ["fidnet-nano", {}]);
    assertEquals(opened.tensors.get("backend.conv1.bn.var")?.values, tensors.get("backend.bn_0.running_var")?.values);
    // What a training writes has both statistics in one tensor. By the authors' names they are apart again.
    const store = new Map(declaredParameters(model, 3).map(({ name, shape }) => [name, zeros("f32", ...shape)]));
    const ours = join(folder, "ours.safetensors");
    write(ours, writeStoredSafetensors(store, weightMetadata(model, { classes: ["road", "sky", "car"] })));
    const back = openConversion(ours, { variant: {}, names: "original", backboneOnly: false }).write();
    assertEquals([...readStoredSafetensors(back, "back").tensors.keys()].sort(), [...tensors.keys()].sort());
    const again = readWeights(
      openConversion(ours, { variant: {}, names: "ours", backboneOnly: false }).write(),
      "again",
    );
    assertEquals([again.model, again.variant], ["fidnet-nano", {}]);
  }));
