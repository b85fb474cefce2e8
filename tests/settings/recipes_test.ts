import { assert, assertEquals, assertThrows } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { exactly } from "../../src/data/shapes.ts";
import { UsageError } from "../../src/errors.ts";
import { recipeTable } from "../../src/settings/option_texts.ts";
import { type Command, options } from "../../src/settings/options.ts";
import { labelBatch, readRecipe, resolveSettings, type Settings, type Values } from "../../src/settings/settings.ts";
import earlier from "./earlier_recipes.json" with { type: "json" };

const root = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("docs/recipes.md holds the table of all options", () => {
  const wanted = recipeTable().replaceAll(/ +/g, " ");
  const found = readFileSync(`${root}/docs/recipes.md`, "utf8").replaceAll(/ +/g, " ");
  const cells = (text: string) => text.split("\n").filter((line) => line.startsWith("| `"));
  assertEquals(cells(found), cells(wanted));
});

Deno.test("the table holds what a recipe may hold, and nothing else", () => {
  const keys = [...recipeTable().matchAll(/^\| `([a-z-]+)`/gm)].map(([, key]) => key);
  for (const { key, kind, default: given, choices, words, count = 1 } of options) {
    const value = given ?? (kind === "numbers" ? new Array<number>(count).fill(1) : "4GiB");
    const sample = kind === "flag" ? true : words?.[0] ?? (choices?.[0] ?? (kind === "size" ? "8x8" : value));
    const numbers = ["number", "integer"].includes(kind) && value === "4GiB" ? 1 : sample;
    const read = () => readRecipe(`${key}: ${JSON.stringify(numbers)}`, "r.yaml");
    if (keys.includes(key)) assertEquals(Object.keys(read()), [key]);
    else assertThrows(read, UsageError, `has the key "${key}"`);
  }
  for (const key of ["resume", "submit", "plan", "json", "runs", "out"]) assert(!keys.includes(key), key);
});

/** A committed recipe as the settings of a command. */
function resolved(name: string, command: Command = "adapt"): Settings {
  return resolveSettings(command, {}, readRecipe(readFileSync(`${root}/recipes/${name}`, "utf8"), name));
}

Deno.test("every committed recipe can be read and resolved", () => {
  for (const name of readdirSync(`${root}/recipes`)) assert(resolved(name).get("batch") >= 1, name);
});

Deno.test("a committed recipe says what it said when the papers' constants were the defaults", () => {
  for (const name of Object.keys(earlier)) {
    const wanted: Record<string, unknown> = { ...earlier["papers.yaml"], ...earlier[name as keyof typeof earlier] };
    const settings = resolved(name, name === "idd-source.yaml" ? "train" : "adapt");
    const found = settings.toJSON();
    for (const [key, value] of Object.entries(wanted)) {
      // What the source training has no use for, and the share of images where a number of them is given.
      if (name === "idd-source.yaml" && !(key in found)) continue;
      if (key.startsWith("source-portion") && "source-images" in wanted) continue;
      assertEquals(found[key], value, `${name}: ${key}`);
    }
    // These were not given, and meant so.
    if (!("crop" in wanted)) assertEquals(found.crop, "whole", name);
    if (name === "idd-source.yaml") continue;
    if (!("target-images" in wanted)) assertEquals(found["target-images"], "all", name);
    if (!("source-images" in wanted)) assertEquals(found["source-images"], undefined, name);
    assertEquals(found["repeat-images"], false, name);
  }
});

Deno.test("the defaults are those of the recipe with mining, without its sizes", () => {
  const defaults = resolveSettings("adapt", {}).toJSON();
  const recipe: Record<string, unknown> = resolved("idd-camvid-cbst-sp-mining.yaml").toJSON();
  const different = Object.keys({ ...defaults, ...recipe })
    .filter((key) => JSON.stringify(defaults[key]) !== JSON.stringify(recipe[key]));
  assertEquals(different.sort(), ["crop", "repeat-images", "size"]);
});

Deno.test("large images are labelled by fewer at a time, unless the number is given", () => {
  const batch = (height: number, width: number, given: Values = {}) =>
    labelBatch(resolveSettings("adapt", given), exactly({ height, width }));
  assertEquals([batch(240, 320), batch(384, 512), batch(480, 640), batch(512, 1024), batch(1024, 2048)], [
    4,
    4,
    2,
    1,
    1,
  ]);
  assertEquals(batch(1024, 2048, { "label-batch": 3 }), 3);
  const scans = (width: number) =>
    labelBatch(resolveSettings("adapt", {}), { ...exactly({ height: 64, width }), points: 124_000 });
  assertEquals([scans(512), scans(1024), scans(2048)], [4, 2, 1]);
});

Deno.test("a share of the source images takes the place of their default number, and of a recipe's", () => {
  const number = (given: Values, recipe: Values = {}) => resolveSettings("adapt", given, recipe).get("source-images");
  assertEquals([number({}), number({ "source-portion": 0.1 })], [80, undefined]);
  assertEquals([number({}, { "source-images": 7 }), number({}, { "source-portion": 0.1 })], [7, undefined]);
  assertEquals(number({ "source-portion": 0.1 }, { "source-images": 7 }), undefined);
  assertEquals(number({ "source-images": 3 }, { "source-portion": 0.1 }), 3);
  assertEquals(number({}, { "source-images": 7, "source-portion": 0.1 }), 7);
});

Deno.test("a word may stand in the place of a number or a size", () => {
  const recipe = readRecipe("target-images: all\ncrop: whole", "r.yaml");
  const settings = resolveSettings("adapt", {}, recipe);
  assertEquals([settings.get("target-images"), settings.get("crop")], ["all", "whole"]);
  assertEquals(readRecipe("crop: 8x16", "r.yaml").crop, { height: 8, width: 16 });
  const misread = "expected height x width in pixels, such as 240x320, or auto or whole";
  assertThrows(() => readRecipe("crop: half", "r.yaml"), UsageError, misread);
  assertThrows(() => readRecipe("target-images: most", "r.yaml"), UsageError, "expected a whole number, or all");
  assertThrows(() => readRecipe("source-images: all", "r.yaml"), UsageError, "expected a whole number");
});

Deno.test("the option wins over the recipe, the recipe over the default", () => {
  const recipe = readRecipe("batch: 3\nrounds: 5", "test.yaml");
  const settings = resolveSettings("adapt", { batch: 7 }, recipe);
  assertEquals([settings.get("batch"), settings.get("rounds"), settings.get("epochs")], [7, 5, 1]);
});

Deno.test("a recipe with an unknown key, a path or a bad value is answered by a sentence", () => {
  assertThrows(() => readRecipe("bach: 3", "r.yaml"), UsageError, 'unknown key "bach". Did you mean "batch"?');
  assertThrows(() => readRecipe("source: x", "r.yaml"), UsageError, "belongs on the command line: --source");
  assertThrows(() => readRecipe("resume: true", "r.yaml"), UsageError, "belongs on the command line: --resume");
  assertThrows(() => readRecipe("memory-budget: 4GiB", "r.yaml"), UsageError, "not of the run but of one start");
  assertThrows(() => readRecipe("submit: true", "r.yaml"), UsageError, "an option of bench, which reads no recipe");
  assertThrows(() => readRecipe("batch: 0", "r.yaml"), UsageError, "in r.yaml is 0, expected at least 1");
  assertThrows(() => readRecipe("mining: on", "r.yaml"), UsageError, "expected off, crst, mxnet, reference");
});
