/**
 * `crosswalk recipes`: lists the recipes that come with the program.
 *
 * @module
 */

import { terminal } from "../report/terminal.ts";
import { type BuiltInRecipe, builtInRecipes } from "../settings/recipe_files.ts";
import { resolveSettings } from "../settings/settings.ts";
import { readArguments } from "./arguments.ts";
import { aligned } from "./result_table.ts";

/** Runs the command; returns the exit code. */
export function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("recipes", args);
  const recipes = builtInRecipes();
  if (settings.get("json")) terminal.printJson({ recipes: recipes.map(recipeJson) });
  else terminal.print(recipeTable(recipes));
  return Promise.resolve(0);
}

/** A recipe as `--json` shows it. What is published is `null` for a recipe of our own. */
function recipeJson({ name, path, summary, values, expect }: BuiltInRecipe) {
  return {
    ...{ name, path, summary, model: resolveSettings("adapt", {}, values).get("model") },
    source: expect?.source ?? null,
    miou: expect?.miou ?? null,
    cited: expect?.cited ?? null,
    licences: expect?.licences ?? [],
    expect,
  };
}

/** The table of all recipes, then where the published figures stand and the licences. */
function recipeTable(recipes: readonly BuiltInRecipe[]): string {
  const rows = recipes.map(({ name, expect }) => [
    name,
    expect === null ? "–" : expect.miou.toFixed(2).replace(/0$/, ""),
    expect?.cited ?? "–",
  ]);
  const published = recipes.flatMap(({ name, expect }) => expect === null ? [] : [{ name, expect }]);
  const sources = Map.groupBy(published, ({ expect }) => expect.source);
  const licences = Map.groupBy(published, ({ expect }) => expect.licences.join("; "));
  return [
    aligned([["recipe", "published mIoU", "cited"], ...rows]),
    "",
    ...recipes.filter(({ expect }) => expect === null).map(({ name, summary }) => `${name}: ${summary}`),
    "",
    ...[...sources].map(([source, of]) => `From ${source}: ${of.map(({ name }) => name).join(", ")}`),
    ...[...licences].map(([text, of]) => `Licences of ${of.map(({ name }) => name).join(", ")}: ${text}`),
  ].join("\n");
}
