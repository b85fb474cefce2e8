import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { UsageError } from "../../src/errors.ts";
import { openRun } from "../../src/run/open_run.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { townClasses } from "../../src/town/town.ts";
import { write } from "../data/pictures.ts";
import { originalTensors, type Tensors, torchFile, zeros } from "../nn/foreign_files.ts";
import { writeStreets } from "./fixture.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

/** A network for the towns' classes, under our names in a file of PyTorch. */
function nano(): Tensors {
  return originalTensors(deeplabNano, null, { classes: townClasses.length });
}

Deno.test("evaluate takes a file of PyTorch with its classes, and asks for them where they are not given", () =>
  inTemporaryFolder(async (folder) => {
    const [weights, data] = [join(folder, "w.pth"), join(folder, "streets")];
    write(weights, torchFile(nano()));
    writeStreets(data);
    const evaluate = ["evaluate", "--weights", weights, "--data", data, "--json"];
    const asked = await crosswalk(...evaluate);
    assertEquals(asked.code, 1);
    assertStringIncludes(asked.stderr, "w.pth does not say what its 14 classes are");
    assertStringIncludes(asked.stderr, "Say it with --label-set: cityscapes-19");
    const scored = await crosswalk(...evaluate, "--label-set", join(data, "dataset.json"));
    assertEquals(scored.code, 0, scored.stderr);
    assertStringIncludes(scored.stderr, "(PyTorch zip): deeplab-nano, our names");
    assertEquals(typeof JSON.parse(scored.stdout).pixelAccuracy, "number");
  }));

Deno.test("training starts from the backbone of a file of PyTorch; with --backbone-only a part of one will do", () =>
  inTemporaryFolder(async (folder) => {
    const source = join(folder, "streets");
    writeStreets(source);
    const whole = nano();
    const part = new Map([...whole].filter(([name]) => !name.startsWith("conv6")));
    part.set("conv1.weight", zeros("f32", 7, 3, 3, 3)).set("classifier.bias", zeros("f32", 10));
    const start = async (weights: Tensors, values: { readonly "backbone-only"?: boolean }) => {
      const path = join(folder, "w.pth");
      write(path, torchFile(weights));
      const out = join(folder, crypto.randomUUID());
      const options = { model: "deeplab-nano", source, out, weights: path, seed: 3, ...values };
      const { context: { network: { store } }, close } = await openRun(resolveSettings("train", options), false);
      const saved = await store.save();
      store.initialize(3);
      const drawn = await store.save();
      close();
      return (name: string) => {
        const [found, anew, read] = [saved, drawn, whole].map((tensors) => [...tensors.get(name)?.values ?? []].join());
        return found === read ? "read" : found === anew ? "drawn" : "other";
      };
    };
    const ofWhole = await start(whole, {});
    assertEquals(["conv1.weight", "conv6.weight", "head.weight"].map(ofWhole), ["read", "read", "drawn"]);
    const ofPart = await start(part, { "backbone-only": true });
    assertEquals(["conv1.weight", "conv2.weight", "conv6.weight", "head.weight"].map(ofPart), [
      ...["drawn", "read", "drawn", "drawn"],
    ]);
    const refused = await start(part, {}).catch((error) => error);
    assertStringIncludes(`${refused}`, 'tensor "conv1.weight" is [7, 3, 3, 3], the network takes [16, 3, 3, 3]');
    const options = resolveSettings("train", { source, "backbone-only": true, out: join(folder, "none") });
    assert(await openRun(options, false).catch((error) => error) instanceof UsageError);
  }));
