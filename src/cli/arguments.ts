/**
 * Reads a command's arguments against the option table.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { UsageError } from "../errors.ts";
import { shortText } from "../formats/validation.ts";
import { type Command, type OptionKey, optionsOf, recipeObstacle } from "../settings/options.ts";
import {
  checkedValues,
  readRecipe,
  readValue,
  resolveSettings,
  type Settings,
  suggestion,
  type Value,
  type Values,
} from "../settings/settings.ts";
import { readFile } from "../disk/files.ts";
import { continuedSettings } from "../run/earlier_rounds.ts";
import { savedSettings } from "../run/run_config.ts";
import { recipePath } from "../settings/recipe_files.ts";

/**
 * The settings that the arguments give. With `--resume`, options that are not given keep the values with which the run
 * in `--out` was started, and with `--run` those of the run in that folder.
 *
 * @param defaultRecipe text of the recipe that applies if no `--config` is given.
 * @throws {UsageError} naming the unknown option or the bad value.
 */
export function readArguments(
  command: Command,
  args: readonly string[],
  defaultRecipe?: (given: Values) => string | null,
): Settings {
  const given = readGiven(command, args);
  if (given.prior !== undefined && given["spatial-prior"] === false) {
    throw new UsageError(
      "Give either --prior or --no-spatial-prior, not both: the prior of a file is a spatial prior",
    );
  }
  const { config, out, resume } = given;
  const saved = resume && out !== undefined
    ? savedSettings(out)
    : given.run === undefined
    ? null
    : continuedSettings(given.run);
  if (config !== undefined) {
    const path = recipePath(config);
    const recipe = readRecipe(new TextDecoder().decode(readFile(path)), config);
    return resolveSettings(command, given, { ...saved, ...recipe });
  }
  const text = saved === null ? defaultRecipe?.(given) ?? null : null;
  return resolveSettings(command, given, text === null ? saved ?? {} : readRecipe(text, "the built-in recipe"));
}

/**
 * The values of a recipe that `export` hands on to the page that adapts: those of `adapt`'s options in the file of
 * `--config` and in `--set`, and those that both commands take.
 *
 * @param defaultRecipe text of the recipe that applies if no `--config` is given.
 * @throws {UsageError} as {@link readArguments} does.
 */
export function readRecipeOfPage(args: readonly string[], defaultRecipe: (given: Values) => string | null): Values {
  const given = readGiven("export", args);
  const { config } = given;
  const text = config === undefined ? defaultRecipe(given) : new TextDecoder().decode(readFile(recipePath(config)));
  return { ...text === null ? {} : readRecipe(text, config ?? "the built-in recipe"), ...given };
}

function readGiven(command: Command, args: readonly string[]): Values {
  const known = optionsOf(command);
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      known.map(({ key, kind }) => [key, { type: kind === "flag" ? "boolean" : "string" }] as const),
    ),
    allowPositionals: true,
    allowNegative: true,
    strict: false,
    tokens: true,
  });
  const given = new Map<OptionKey, Value>();
  const lists = new Map<OptionKey, string[]>();
  let list: string[] | undefined;
  for (const token of tokens) {
    if (token.kind === "positional" && list !== undefined) {
      list.push(token.value);
      continue;
    }
    list = undefined;
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      const bare = known.find(({ positional }) => positional === true);
      if (bare !== undefined) {
        list = [...lists.get(bare.key) ?? [], token.value];
        lists.set(bare.key, list);
        continue;
      }
      throw new UsageError(`crosswalk ${command} does not take "${token.value}" here; options start with --`);
    }
    const negative = token.name.startsWith("no-");
    const option = known.find(({ key }) => key === token.name) ??
      (negative ? known.find(({ key, kind }) => kind === "flag" && `no-${key}` === token.name) : undefined);
    if (option === undefined) {
      throw new UsageError(unknownOption(command, token.rawName));
    }
    if (option.kind === "flag") {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} is a switch and takes no value`);
      given.set(option.key, option.key === token.name);
      continue;
    }
    if (token.value === undefined || (token.value.startsWith("--") && !token.inlineValue)) {
      throw new UsageError(`${token.rawName} needs a value`);
    }
    if (option.kind === "paths") {
      list = [...lists.get(option.key) ?? [], token.value];
      lists.set(option.key, list);
    } else if (option.key === "set") {
      // The recipe of an exported page is one of `adapt`.
      for (const [key, value] of assignments(command === "export" ? "adapt" : command, token.value)) {
        given.set(key, value);
      }
    } else given.set(option.key, readValue(option, token.value));
  }
  return checkedValues([...given, ...lists]);
}

/**
 * The values of `key=value,key=value`. A comma is part of a value unless a key follows it, as in
 * `learning-rate=2e-4,1e-4,batch=2`.
 *
 * @throws {UsageError} naming the key that is unknown or may not stand in a recipe, or the bad value.
 */
function assignments(command: Command, text: string): [OptionKey, Value][] {
  return text.split(/,(?=\s*[a-z][a-z0-9-]*\s*=)/).map((assignment) => {
    const [, key = "", value = ""] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/s.exec(assignment) ?? [];
    if (key === "") throw new UsageError(`--set takes key=value, such as batch=2; ${shortText(assignment)} is none`);
    const option = optionsOf(command).find((one) => one.key === key);
    if (option === undefined) {
      const keys = optionsOf(command).filter((one) => recipeObstacle(one) === null).map((one) => one.key);
      throw new UsageError(
        `--set has the key ${shortText(key)}, which crosswalk ${command} does not know. ${suggestion(key, keys)}`,
      );
    }
    const obstacle = recipeObstacle(option);
    if (obstacle !== null) throw new UsageError(`--set has the key "${key}", ${obstacle}`);
    if (option.kind !== "flag") return [option.key, readValue(option, value)];
    if (value !== "true" && value !== "false") {
      throw new UsageError(`--set ${key} is ${shortText(value)}, expected true or false`);
    }
    return [option.key, value === "true"];
  });
}

/**
 * The message for an option that the command does not have. It suggests the options that other programs call by this
 * name, or else the option with the nearest name.
 *
 * @param name as it was typed, with `--`.
 */
function unknownOption(command: Command, name: string): string {
  const options = optionsOf(command);
  const known = options.map(({ key }) => key);
  const others = (otherNames[name.replace(/^--?/, "")] ?? []).filter((key) => known.includes(key));
  const valued = others.filter((key) => options.some((option) => option.key === key && option.kind !== "flag"));
  const meant = valued.length > 0 ? valued : others;
  const advice = meant.length > 0
    ? `Did you mean ${meant.map((key) => `"--${key}"`).join(" or ")}?`
    : suggestion(name, known.map((key) => `--${key}`));
  return `crosswalk ${command} has no option ${name}. ${advice}`;
}

/** Names that other programs give to options, with the names here. */
const otherNames: Readonly<Record<string, readonly OptionKey[]>> = {
  b: ["batch"],
  "batch-size": ["batch", "label-batch"],
  checkpoint: ["weights", "source-model"],
  "clip-grad-norm": ["clip-norm"],
  "crop-size": ["crop"],
  dataset: ["data", "source"],
  "data-dir": ["data", "source"],
  device: ["adapter"],
  "dry-run": ["plan"],
  epochs: ["source-steps"],
  gpu: ["adapter"],
  "gradient-accumulation-steps": ["accumulate"],
  "image-size": ["size", "town-size"],
  input: ["images", "probabilities"],
  iterations: ["source-steps"],
  "learning-rate": ["source-rate"],
  lr: ["learning-rate", "source-rate"],
  "max-steps": ["source-steps"],
  "num-classes": ["classes"],
  "num-rounds": ["rounds"],
  o: ["out"],
  output: ["out"],
  "output-dir": ["out"],
  pretrained: ["weights"],
  "random-seed": ["seed"],
  resolution: ["size", "town-size"],
  "save-dir": ["out"],
  steps: ["source-steps"],
  wd: ["weight-decay"],
};
