import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { labelSet } from "../../src/data/label_sets.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { builtInRecipes, expectationOf } from "../../src/settings/recipe_files.ts";
import { modelVariant } from "../../src/settings/model_variant.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { planRounds } from "../../src/selftraining/rounds.ts";
import { withFolder } from "../data/pictures.ts";
import { rowOf, runToy } from "./toy.ts";

const published = builtInRecipes().filter(({ name }) => rowOf(name) !== null);

const methods: Readonly<Record<string, readonly string[]>> = {
  "gta5-cityscapes-resnet38": ["source", "st", "cbst", "cbst-sp", "cbst-sp-mst", "mrkld-sp-mst"],
  "gta5-cityscapes-vgg16": ["st", "cbst", "cbst-sp"],
  "gta5-cityscapes-resnet101": ["source", "cbst", "mrkld", "mrl2", "mrent", "lrent"],
  "synthia-cityscapes-resnet38": ["source", "st", "cbst"],
  "synthia-cityscapes-vgg16": ["cbst"],
  "synthia-cityscapes-resnet101": ["source", "cbst", "mrkld", "mrl2", "mrent", "lrent"],
  "cityscapes-rome-resnet38": ["cbst"],
  "cityscapes-rio-resnet38": ["cbst"],
  "cityscapes-tokyo-resnet38": ["cbst"],
  "cityscapes-taipei-resnet38": ["cbst"],
};

Deno.test("there is a recipe for every published row, and for no other", () => {
  const wanted = Object.entries(methods).flatMap(([setting, names]) => names.map((name) => `${setting}-${name}`));
  assertEquals(published.map(({ name }) => name), wanted.sort());
});

Deno.test("a recipe has the classes of its row, whose mean is the published one where it says no doubt", () => {
  for (const { name, expect } of published) {
    assert(expect !== null, name);
    const { classes } = labelSet(expect["label-set"]);
    if (rowOf(name)?.target === "crosscity") {
      assertEquals([expect["label-set"], expect.classes], ["cityscapes-13", undefined], name);
      continue;
    }
    assertEquals(expect.classes?.length, classes.length, name);
    const mean = (expect.classes ?? []).reduce((sum, value) => sum + value, 0) / classes.length;
    if (!expect.doubts.some((doubt) => /contradicts/.test(doubt))) assertAlmostEquals(mean, expect.miou, 0.11, name);
    assert(expect.ours.length > 0 && expect.licences.length > 0 && expect.source !== "", name);
  }
});

Deno.test("the published figures that are easily confused", () => {
  const figures = (name: string) => {
    const expect = expectationOf(resolveSettings("adapt", { config: name }));
    return [expect?.miou, expect?.cited, expect?.subsets["cityscapes-13"]];
  };
  assertEquals(figures("gta5-cityscapes-resnet101-mrkld"), [47.39, "read", undefined]);
  assertEquals(figures("gta5-cityscapes-resnet101-source"), [33.35, "read", undefined]);
  assertEquals(figures("gta5-cityscapes-resnet38-mrkld-sp-mst"), [49.8, "recalled", undefined]);
  assertEquals(figures("synthia-cityscapes-resnet38-cbst"), [42.5, "read", 48.4]);
  assertEquals(figures("synthia-cityscapes-vgg16-cbst"), [35.4, "recalled", 36.1]);
});

Deno.test("every recipe resolves to a network and to rounds with the published numbers", () => {
  for (const { name, path, values } of published) {
    const row = rowOf(name);
    const isSource = row?.method === "source";
    const settings = resolveSettings(isSource ? "train" : "adapt", { config: path }, values);
    const model = findModel(settings.get("model"), modelVariant(settings));
    const networks = { resnet38: "wideresnet38", resnet101: "deeplabv2-resnet101", vgg16: "fcn8s-vgg16" };
    assertEquals(model.name, networks[row?.network as keyof typeof networks], name);
    if (isSource) continue;
    const images = row?.source === "gta5" ? 24966 : row?.source === "synthia" ? 9400 : 2975;
    const plans = planRounds(
      {
        seed: settings.get("seed"),
        rounds: settings.get("rounds"),
        epochs: settings.get("epochs"),
        targetPortion: {
          initial: settings.get("target-portion"),
          step: settings.get("target-portion-step"),
          maximum: settings.get("target-portion-max"),
        },
        sourcePortion: {
          initial: settings.get("source-portion") ?? 0,
          step: settings.get("source-portion-step"),
          maximum: settings.get("source-portion-max"),
        },
        sourceChoice: settings.get("source-choice"),
        portionRule: settings.get("rule"),
        learningRates: settings.get("learning-rate"),
        rateDecay: settings.get("rate-decay"),
      },
      { source: images, target: 505 },
      settings.get("batch"),
    );
    const rounds = row?.network === "resnet101" ? (row.source === "synthia" ? 4 : 3) : 6;
    assertEquals(plans.length, rounds, name);
    const counts = { gta5: 748, synthia: 188, cityscapes: 89 };
    const source = plans[0]?.items.filter(({ domain }) => domain === "source").length;
    assertEquals(source, counts[row?.source as keyof typeof counts], name);
    const second = (plans[1]?.learningRate ?? 0) / (plans[0]?.learningRate ?? 1);
    assertAlmostEquals(second, row?.network === "resnet101" ? 1 : Math.SQRT1_2, 1e-9, name);
    assertEquals(
      settings.get("regularizer"),
      /mrkld/.test(name) ? "mrkld-released" : /mrl2|mrent/.exec(name)?.[0] ?? "none",
    );
    assertEquals(
      settings.get("policy"),
      row?.method === "st" ? "st" : row?.method === "lrent" ? "lrent" : "cbst",
      name,
    );
    assertEquals(settings.get("spatial-prior"), name.includes("-sp"), name);
  }
});

/** One recipe for each network and method: all of GTA5, and a source of each other layout. */
const run = published.filter(({ name }) => name.startsWith("gta5") || /synthia.*-resnet38-cbst|rome/.test(name));

for (const { name, expect } of run) {
  Deno.test(`${name} runs from end to end at toy size`, () =>
    withFolder(async (folder) => {
      const result = await runToy(name, folder);
      const { expected, protocol } = result as Record<string, Record<string, unknown>>;
      assertEquals(protocol?.labelSet, expect?.["label-set"]);
      // What is trained on the source alone is scored on the source.
      if (rowOf(name)?.method === "source") return;
      assertEquals([(expected?.miou as Record<string, unknown>).published, expected?.obstacle], [expect?.miou, null]);
    }));
}
