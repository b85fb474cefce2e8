/**
 * The command that repeats a run, from the settings that its folder keeps.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { readFile } from "../../disk/files.ts";
import { builtInRecipe } from "../../settings/built_in_recipes.ts";
import { type Command, type Option, optionsOf } from "../../settings/options.ts";
import { recipePath } from "../../settings/recipe_files.ts";
import { checkedValues, readRecipe, readValue, resolveSettings, type Values } from "../../settings/settings.ts";
import { continuedSettings } from "../earlier_rounds.ts";
import type { SavedSettings } from "../run_config.ts";

/**
 * The command that repeats a run: the recipe, and every option whose value is not what the command takes by itself.
 *
 * @param settings as `config.json` holds them.
 * @param out the folder of the results; without it, none is named.
 */
export function commandText(command: Command, settings: SavedSettings, out?: string): string {
  const taken = optionsOf(command).filter(({ ofOneStart }) => ofOneStart !== true);
  // A run that began before an option existed did what the option did not say yet.
  const earlier = taken.flatMap(({ key, earlier }) => earlier === undefined ? [] : [[key, earlier] as const]);
  const saved: SavedSettings = { ...Object.fromEntries(earlier), ...settings };
  const own = taken.filter(({ key }) => key in saved);
  const usual = resolveSettings(command, {}, recipeValues(command, saved)).toJSON();
  const hasRecipe = typeof saved.config === "string" && recipeOf(saved.config) !== null;
  const words = own.filter(({ key }) => key !== "config" || hasRecipe)
    .filter(({ key }) => key === "config" || JSON.stringify(saved[key]) !== JSON.stringify(usual[key]))
    .flatMap((option) => wordsOf(option, saved[option.key]));
  return ["crosswalk", command, ...words, ...out === undefined ? [] : ["--out", out]].map(shellWord).join(" ");
}

/** The values that hold where an option is not given: those of the recipe that applies. */
function recipeValues(command: Command, saved: SavedSettings): Values {
  const earlier = typeof saved.run === "string" ? settingsOf(saved.run) : null;
  if (typeof saved.config === "string") {
    const recipe = recipeOf(saved.config);
    if (recipe !== null) return { ...earlier, ...recipe };
  }
  if (earlier !== null) return earlier;
  if (command !== "adapt" && command !== "train") return {};
  const text = builtInRecipe(saved);
  return text === null ? checkedValues([]) : readRecipe(text, "the built-in recipe");
}

/** The settings of the run that a run goes on from; `null` where it is no more. */
function settingsOf(run: string): Values | null {
  try {
    return continuedSettings(run);
  } catch {
    return null;
  }
}

/** The values of a recipe; `null` where its file is no more, or has become something that is no recipe. */
function recipeOf(config: string): Values | null {
  try {
    const path = recipePath(config);
    return existsSync(path) ? readRecipe(new TextDecoder().decode(readFile(path)), config) : null;
  } catch {
    return null;
  }
}

function wordsOf(option: Option, value: unknown): string[] {
  if (option.kind === "flag") return [value === true ? `--${option.key}` : `--no-${option.key}`];
  const values = Array.isArray(value) ? value : [value];
  // What the option would not take is left out, so that the command can be run.
  try {
    readValue(option, value);
  } catch {
    return [];
  }
  return option.kind === "paths" ? [`--${option.key}`, ...values.map(String)] : [`--${option.key}`, values.join(",")];
}

/** A word as a shell takes it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
