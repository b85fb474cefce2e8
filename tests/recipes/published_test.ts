/** The recipes of the published rows, number by number: against the tables of the specification, and their constants. */

import { assert, assertEquals } from "@std/assert";
import { type BuiltInRecipe, builtInRecipes } from "../../src/settings/recipe_files.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { testWithShared } from "../shared.ts";
import { rowOf } from "./toy.ts";

const published = builtInRecipes().filter(({ name }) => rowOf(name) !== null);

/** What a row of the specification's tables is called there, by a recipe's method and network. */
function labelOf({ name }: BuiltInRecipe): string {
  const { network = "", method = "" } = rowOf(name) ?? {};
  const backbone = { resnet38: "R38", resnet101: "R101", vgg16: "VGG" }[network];
  const methods: Readonly<Record<string, string>> = { "cbst-sp-mst": "CBST-SP+MST", source: "source" };
  return `${backbone} ${methods[method] ?? method.toUpperCase()}`;
}

/** The numbers in a cell. */
function numbers(text: string): number[] {
  return (text.match(/\d+\.\d+/g) ?? []).map(Number);
}

testWithShared("each recipe expects the row of the specification", ["spec/cbst.md"], (path) => {
  const text = Deno.readTextFileSync(path);
  const tables = new Map(text.split(/^### /m).map((section) => [section.slice(0, 3), section]));
  for (const recipe of published) {
    const { name, expect } = recipe;
    const row = rowOf(name);
    assert(expect !== null && row !== null);
    if (row.target === "crosscity") {
      const city = { rome: "Rome", rio: "Rio", tokyo: "Tokyo", taipei: "Taipei" }[name.split("-")[1] ?? ""];
      const [, miou] = new RegExp(`${city} ([0-9.]+[0-9])`).exec(tables.get("5.3") ?? "") ?? [];
      assertEquals([expect.miou, expect.cited], [Number(miou), "recalled"], name);
      continue;
    }
    const table = tables.get(row.source === "gta5" ? "5.1" : "5.2") ?? "";
    const cells = table.split("\n").map((line) => line.split("|").map((cell) => cell.trim()))
      .find(([, label]) => label === labelOf(recipe));
    assert(cells !== undefined, name);
    const [, , from = "", miou = ""] = cells;
    const classes = (cells.at(-2) ?? "").replace(/\(.*/, "");
    assertEquals(expect.miou, Number(miou), name);
    assertEquals(expect.classes, numbers(classes), name);
    assertEquals(expect.cited, from.startsWith("R ") ? "read" : "recalled", name);
    // What is computed from the row is not published.
    const thirteen = row.source === "synthia" && !/^[0-9.]+ \(computed\)/.test(cells[4] ?? "")
      ? numbers(cells[4] ?? "")[0]
      : undefined;
    assertEquals(expect.subsets["cityscapes-13"], thirteen, name);
  }
});

const anyRecipe = {
  ...{ absent: "zero", "short-side": "own", "weight-decay": 5e-4, momentum: 0.9 },
  ...{ optimizer: "sgd", flip: true, "warm-up": 0, mirror: true, jitter: 0 },
};
const anyRound = {
  ...{
    epochs: 2,
    "repeat-images": false,
    "source-portion-step": 0.0025,
    "source-portion-max": 0.06,
    "target-images": "all",
  },
  ...{ "target-portion-step": 0.05, "target-portion-max": 0.5, "mining-chance": 0.8, stride: 4 },
};
/** CBST's MXNet code. */
const mxnet = {
  ...{ "batch-norm": "affine", crop: "504x504", batch: 2, "head-rate": 1, "bias-rate": 2, "bias-decay": 0 },
  ...{ "loss-at": "logits", seed: 0, schedule: "constant", "source-rate": 1.6e-3, "scale-steps": "any" },
};
const mxnetRounds = {
  ...{ rounds: 6, "learning-rate": [1e-4], "rate-decay": "sqrt2", "source-choice": "nested", rule: "mxnet" },
  ...{ mining: "mxnet", "mining-domains": "both", scales: [1850 / 2048], average: "probabilities", "test-flip": true },
};
/** CRST's PyTorch code. */
const crst = {
  ...{ "batch-norm": "frozen", "head-rate": 10, "backbone-rate": 3, "bias-rate": 1, "bias-decay": 1 },
  ...{ "loss-at": "image", schedule: "poly", power: 0.9, "source-rate": 2.5e-4, "source-steps": 100000 },
  ...{ "scale-steps": "tenths" },
};
const crstRounds = {
  ...{ "learning-rate": [5e-5], "rate-decay": "constant", "source-choice": "redrawn", rule: "crst", batch: 2 },
  ...{ mining: "crst", "mining-domains": "target", scales: [0.9], average: "probabilities", "test-average": "logits" },
  ...{ "test-flip": true, "target-portion": 0.2, "spatial-prior": false },
};
const sets = { gta5: "cityscapes-19", synthia: "cityscapes-16", cityscapes: "cityscapes-13" };

/** What the specification says of a recipe, beside what its row expects. */
function constantsOf(name: string): Readonly<Record<string, unknown>> {
  const { source = "", network = "", method = "" } = rowOf(name) ?? {};
  const isSource = method === "source";
  const [isGta, isSynthia] = [source === "gta5", source === "synthia"];
  const common = {
    ...anyRecipe,
    ...isSource ? {} : anyRound,
    ...isSource ? {} : { "source-portion": isSynthia ? 0.02 : 0.03 },
    "label-set": sets[source as keyof typeof sets],
  };
  if (network === "resnet38") {
    const isMultiScale = method.endsWith("mst");
    return {
      ...{ ...common, ...mxnet },
      ...isSource ? { accumulate: 8, scales: [1] } : mxnetRounds,
      ...isSource ? {} : { "target-portion": isGta ? 0.15 : 0.2 },
      ...isSource || isMultiScale ? {} : { "test-scales": [1] },
      // The long side is scaled to 0.7 to 1.3 of 2048 pixels, which images of GTA5 do not have.
      "scale-range": isGta ? [0.749, 1.391] : [0.7, 1.3],
      ...isGta && !isSource ? { "target-scale-range": [0.7, 1.3] } : {},
      // 30 epochs of 24,966 images, 50 of 9,400, in batches of 16.
      ...isGta ? { "source-steps": 46811 } : isSynthia ? { "source-steps": 29375 } : {},
    };
  }
  if (network === "resnet101") {
    const seed = isGta ? 3 : 0;
    if (isSource) return { ...common, ...crst, seed, crop: "500x500", batch: 4, "scale-range": [0.5, 1.5] };
    return {
      ...{ ...common, ...crst, ...crstRounds, seed, rounds: isGta ? 3 : 4 },
      ...isGta
        ? { crop: "512x1024", "scale-range": [0.5, 1.5], "test-scales": [0.9, 1, 1.2] }
        : { crop: "600x900", "scale-range": [0.8, 1.2], "target-scale-range": [0.6, 1.5], "test-scales": [0.9] },
      ...method === "lrent" ? { alpha: 0.25 } : method === "cbst" ? {} : { "regularizer-weight": 0.1 },
    };
  }
  return common;
}

Deno.test("each recipe has the constants of the released code that its row comes from", () => {
  for (const { name, values } of published) {
    const settings = resolveSettings(rowOf(name)?.method === "source" ? "train" : "adapt", {}, values).toJSON();
    for (const [key, value] of Object.entries(constantsOf(name))) assertEquals(settings[key], value, `${name}: ${key}`);
  }
});
