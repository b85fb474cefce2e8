import { assert, assertEquals, assertThrows } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../src/errors.ts";
import { recipeTable } from "../../src/settings/option_texts.ts";
import { options } from "../../src/settings/options.ts";
import { readRecipe, resolveSettings } from "../../src/settings/settings.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("docs/recipes.md holds the table of all options", () => {
  const wanted = recipeTable().replaceAll(/ +/g, " ");
  const found = readFileSync(`${root}/docs/recipes.md`, "utf8").replaceAll(/ +/g, " ");
  const cells = (text: string) => text.split("\n").filter((line) => line.startsWith("| `"));
  assertEquals(cells(found), cells(wanted));
});

Deno.test("the table holds what a recipe may hold, and nothing else", () => {
  const keys = [...recipeTable().matchAll(/^\| `([a-z-]+)`/gm)].map(([, key]) => key);
  for (const { key, kind, default: value = "4GiB", choices, words } of options) {
    const sample = kind === "flag" ? true : words?.[0] ?? (choices?.[0] ?? (kind === "size" ? "8x8" : value));
    const numbers = ["number", "integer"].includes(kind) && value === "4GiB" ? 1 : sample;
    const read = () => readRecipe(`${key}: ${JSON.stringify(numbers)}`, "r.yaml");
    if (keys.includes(key)) assertEquals(Object.keys(read()), [key]);
    else assertThrows(read, UsageError, `has the key "${key}"`);
  }
  for (const key of ["resume", "submit", "plan", "json", "runs", "out"]) assert(!keys.includes(key), key);
});

Deno.test("every committed recipe can be read and resolved", () => {
  for (const name of readdirSync(`${root}/recipes`)) {
    const recipe = readRecipe(readFileSync(`${root}/recipes/${name}`, "utf8"), name);
    assert(resolveSettings("adapt", {}, recipe).get("batch") >= 1, name);
  }
});

Deno.test("the option wins over the recipe, the recipe over the default", () => {
  const recipe = readRecipe("batch: 3\nrounds: 5", "test.yaml");
  const settings = resolveSettings("adapt", { batch: 7 }, recipe);
  assertEquals([settings.get("batch"), settings.get("rounds"), settings.get("epochs")], [7, 5, 2]);
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
