import { assert, assertEquals, assertThrows } from "@std/assert";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments } from "../../src/cli/arguments.ts";
import { UsageError } from "../../src/errors.ts";
import { builtInNames, builtInRecipes, expectationOf, recipePath } from "../../src/settings/recipe_files.ts";
import { parseRecipe, resolveSettings } from "../../src/settings/settings.ts";
import { crosswalk } from "./program.ts";

const expectation = `
expect:
  source: a table
  cited: read
  label-set: cityscapes-19
  miou: 45.2
  classes: [86.8, 46.7]
`;

Deno.test("--set gives a recipe's keys, typed by the table of options, and wins over the recipe", () => {
  const config = ["--config", "idd-camvid-cbst"];
  const read = (...args: string[]) => readArguments("adapt", [...config, ...args]);
  const settings = read("--set", "rounds=1,learning-rate=1e-4,5e-5,crop=32x64", "--set", "mirror=false");
  assertEquals(settings.get("rounds"), 1);
  assertEquals(settings.get("learning-rate"), [1e-4, 5e-5]);
  assertEquals(settings.get("crop"), { height: 32, width: 64 });
  assertEquals([settings.get("mirror"), settings.get("batch")], [false, 4]);
  // As for two options of the same name, the last one holds.
  assertEquals(read("--set", "batch=1", "--batch", "2").get("batch"), 2);
  assertEquals(read("--batch", "2", "--set=batch=1").get("batch"), 1);
  assertEquals(settings.toJSON()["set"], undefined);
});

Deno.test("--set answers an unknown key, a path or a bad value by a sentence", () => {
  const read = (text: string) => () => readArguments("adapt", ["--set", text]);
  assertThrows(read("bach=3"), UsageError, 'does not know. Did you mean "batch"?');
  assertThrows(read("portion=0.2"), UsageError, "crosswalk adapt does not know");
  assertThrows(read("source=x"), UsageError, "belongs on the command line: --source");
  assertThrows(read("plan=true"), UsageError, "not of the run but of one start");
  assertThrows(read("batch=0"), UsageError, '--batch is "0", expected at least 1');
  assertThrows(read("mirror=yes"), UsageError, "expected true or false");
  assertThrows(read("batch"), UsageError, "takes key=value");
});

Deno.test("a recipe is named by its path, or by its name where it comes with the program", () => {
  const folder = mkdtempSync(join(tmpdir(), "recipes-"));
  const own = join(folder, "own.yaml");
  writeFileSync(own, `batch: 3\n${expectation}`);
  assertEquals(recipePath(own), own);
  assert(recipePath("idd-camvid-cbst").endsWith("recipes/idd-camvid-cbst.yaml"));
  assertEquals(recipePath("idd-camvid-cbst.yaml"), recipePath("idd-camvid-cbst"));
  assertThrows(() => recipePath("idd-camvid-cbts"), UsageError, 'Did you mean "idd-camvid-cbst"?');
  assertEquals(expectationOf(resolveSettings("adapt", { config: own }))?.miou, 45.2);
  assertEquals(expectationOf(resolveSettings("adapt", { config: "idd-camvid-cbst" })), null);
  assertEquals(expectationOf(resolveSettings("adapt", { config: join(folder, "gone.yaml") })), null);
});

Deno.test("what a recipe expects is checked key by key", () => {
  const { values, expect } = parseRecipe(`batch: 2${expectation}`, "r.yaml");
  assertEquals(values, { batch: 2 });
  assertEquals([expect?.cited, expect?.classes, expect?.ours], ["read", [86.8, 46.7], []]);
  const wrong = (from: string, to: string) => () => parseRecipe(expectation.replace(from, to), "r.yaml");
  assertThrows(wrong("cited: read", "cited: heard"), UsageError, 'r.yaml has a wrong key "expect.cited"');
  assertThrows(wrong("miou: 45.2", "miou: 145"), UsageError, '"expect.miou"');
  assertThrows(wrong("classes: [86.8", "classes: [x"), UsageError, '"expect.classes.0"');
  assertThrows(wrong("cited", "quoted"), UsageError, "expect");
});

Deno.test("recipes lists every recipe with its figures, also as JSON", async () => {
  const text = await crosswalk("recipes");
  assertEquals(text.code, 0, text.stderr);
  for (const name of builtInNames()) assert(text.stdout.includes(name), name);
  const { stdout } = await crosswalk("recipes", "--json");
  const { recipes } = JSON.parse(stdout);
  assertEquals(
    recipes.map(({ name, miou, source }: Record<string, unknown>) => [name, miou, source]),
    builtInRecipes().map(({ name, expect }) => [name, expect?.miou ?? null, expect?.source ?? null]),
  );
});
