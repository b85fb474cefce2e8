/** The recipes of range images: figures and numbers of the specification, and that each resolves to a network and rounds. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { labelSet } from "../../src/data/label_sets.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { compare, comparisonRows } from "../../src/run/comparison.ts";
import { requireScanOptions } from "../../src/run/scan_runs.ts";
import { modelVariant } from "../../src/settings/model_variant.ts";
import { builtInRecipes, expectationOf } from "../../src/settings/recipe_files.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { planRounds } from "../../src/selftraining/rounds.ts";
import { withFolder } from "../data/pictures.ts";
import { testWithShared } from "../shared.ts";
import { runToyScans } from "./toy_scans.ts";

const shares = [1, 10, 20, 50];
const sets = {
  nuscenes: {
    scans: 28_130,
    labelled: [281, 2813, 5626, 14_065],
    epochs: [25, 50, 75, 100],
    classes: 16,
    size: [32, 1920],
  },
  semantickitti: {
    scans: 19_130,
    labelled: [191, 1913, 3826, 9565],
    epochs: [16, 32, 48, 64],
    classes: 19,
    size: [64, 2048],
  },
  scribblekitti: {
    scans: 19_130,
    labelled: [191, 1913, 3826, 9565],
    epochs: [16, 32, 48, 64],
    classes: 19,
    size: [64, 2048],
  },
} as const;

const rows = Object.entries(sets).flatMap(([name, set], column) =>
  shares.map((share, index) => ({ name: `${name}-${share}`, set, column, index }))
);

testWithShared("the recipes of range images expect the figures of the specification", ["spec/lidar.md"], (path) => {
  const table = Deno.readTextFileSync(path).split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  const figure = (label: string, column: number, index: number) =>
    Number(table.find(([, first]) => first === label)?.[2 + column]?.split(" ")[index]);
  for (const { name, column, index } of rows) {
    const expect = expectationOf(resolveSettings("adapt", { config: name }));
    assertEquals(expect?.miou, figure("**CBST**", column, index), name);
    assertEquals(expect?.supervised, figure("supervised only", column, index), name);
    assertStringIncludes(expect?.ours[0] ?? "", "settings of the published CBST are not public", name);
  }
});

Deno.test("the recipes of range images have the published supervised training, and rounds half of labelled scans", () => {
  for (const { name, set, index } of rows) {
    const recipe = builtInRecipes().find((one) => one.name === name);
    assert(recipe !== undefined, name);
    const settings = resolveSettings("adapt", {}, recipe.values);
    requireScanOptions(settings);
    assertEquals(findModel(settings.get("model"), modelVariant(settings)).name, "fidnet", name);
    assertEquals(labelSet(settings.get("label-set") ?? "").classes.length, set.classes, name);
    assertEquals(settings.get("size"), { height: set.size[0], width: set.size[1] }, name);
    const [labelled = 0, epochs = 0] = [set.labelled[index], set.epochs[index]];
    assertEquals(labelled, Math.floor(set.scans * (shares[index] ?? 0) / 100), name);
    const unlabelled = set.scans - labelled;
    const epoch = Math.ceil(unlabelled / labelled) * labelled;
    assertEquals(settings.get("source-steps"), Math.floor(epochs * epoch / 32), name);
    const published = {
      ...{ optimizer: "adamw", betas: [0.9, 0.999], epsilon: 1e-6, "weight-decay": 0.01, batch: 32, "bias-decay": 1 },
      ...{ schedule: "one-cycle", "source-rate": 0.01, "head-rate": 1, dice: 1, lovasz: 3, "average-over": "all" },
      ...{ rounds: 3, "learning-rate": [0.0025], "rate-decay": "constant", policy: "cbst", rule: "crst", stride: 4 },
      ...{ flip: false, scales: [1], post: "nearest", absent: "zero" },
    };
    const found: Record<string, unknown> = settings.toJSON();
    for (const [key, value] of Object.entries(published)) assertEquals(found[key], value, `${name}: ${key}`);
    const plans = planRounds(
      {
        ...{
          seed: 0,
          rounds: settings.get("rounds"),
          epochs: settings.get("epochs"),
          portionRule: settings.get("rule"),
        },
        targetPortion: {
          initial: settings.get("target-portion"),
          step: settings.get("target-portion-step"),
          maximum: settings.get("target-portion-max"),
        },
        sourcePortion: { images: settings.get("source-images") ?? 0 },
        sourceChoice: settings.get("source-choice"),
        learningRates: settings.get("learning-rate"),
        rateDecay: settings.get("rate-decay"),
        repeatImages: settings.get("repeat-images"),
      },
      { source: labelled, target: unlabelled },
      32,
    );
    assertEquals(plans.map(({ portion }) => portion.toFixed(2)), ["0.20", "0.25", "0.30"], name);
    for (const { items } of plans) {
      assertEquals(items.filter(({ domain }) => domain === "source").length, unlabelled, name);
      assertEquals(items.length, 2 * unlabelled, name);
    }
  }
});

Deno.test("a run is compared with both rows of a recipe: CBST, and supervised only", () => {
  const expect = expectationOf(resolveSettings("adapt", { config: "semantickitti-10" }));
  assert(expect !== null);
  const iou = Object.fromEntries(labelSet("semantickitti-19").classes.map((name) => [name, 0.5]));
  const scores = (miou: number) => ({ miou, iou, pixelAccuracy: 0.8, images: 4071 });
  const comparison = compare(expect, scores(0.54), scores(0.5));
  assertEquals(comparison.miou, { published: 53.4, reached: 54, difference: 0.6 });
  assertEquals(comparison.supervised, { published: 52.2, reached: 50, difference: -2.2 });
  assertEquals(comparisonRows(comparison).at(-1), ["mIoU, supervised only", "52.2", "50.0", "-2.2"]);
  assertEquals(compare(expect, scores(0.5)).supervised?.reached, null);
});

// `tests/recipes/run.ts --all` runs the others.
for (const name of ["scribblekitti-1", "nuscenes-50"]) {
  Deno.test(`${name} runs from end to end at toy size`, () =>
    withFolder(async (folder) => {
      const expect = expectationOf(resolveSettings("adapt", { config: name }));
      const result = await runToyScans(name, folder);
      const { expected, protocol } = result as Record<string, Record<string, Record<string, unknown>>>;
      assertEquals(protocol?.labelSet as unknown, expect?.["label-set"]);
      assertEquals([expected?.miou?.published, expected?.supervised?.published], [expect?.miou, expect?.supervised]);
      assertEquals(expected?.obstacle as unknown, null);
    }));
}
