/**
 * Reads a command's arguments against the option table, and writes its help.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { UsageError } from "../errors.ts";
import { formatDefault } from "../settings/option_texts.ts";
import { type Command, type Option, type OptionKey, optionsOf } from "../settings/options.ts";
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
import { savedSettings } from "../run/folder_store.ts";

/**
 * The settings that the arguments ask for. With `--resume`, what is not given is as the run in `--out` was started.
 *
 * @param defaultRecipe text of the recipe that applies when no `--config` is given, if any.
 * @throws {UsageError} naming the unknown option or bad value.
 */
export function readArguments(
  command: Command,
  args: readonly string[],
  defaultRecipe?: (given: Values) => string | null,
): Settings {
  const given = readGiven(command, args);
  const { config, out, resume } = given;
  const saved = resume && out !== undefined ? savedSettings(out) : null;
  if (config !== undefined) {
    const recipe = readRecipe(new TextDecoder().decode(readFile(config)), config);
    return resolveSettings(command, given, { ...saved, ...recipe });
  }
  const text = saved === null ? defaultRecipe?.(given) ?? null : null;
  return resolveSettings(command, given, text === null ? saved ?? {} : readRecipe(text, "the built-in recipe"));
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
      throw new UsageError(`crosswalk ${command} does not take "${token.value}" here; options start with --`);
    }
    const negative = token.name.startsWith("no-");
    const option = known.find(({ key }) => key === token.name) ??
      (negative ? known.find(({ key, kind }) => kind === "flag" && `no-${key}` === token.name) : undefined);
    if (option === undefined) {
      const keys = known.map(({ key }) => `--${key}`);
      throw new UsageError(`crosswalk ${command} has no option ${token.rawName}. ${suggestion(token.rawName, keys)}`);
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
    } else given.set(option.key, readValue(option, token.value));
  }
  return checkedValues([...given, ...lists]);
}

/** What a command is for, and how it is called. */
export interface CommandHelp {
  readonly command: Command;
  readonly summary: string;
  readonly examples: readonly string[];
}

/** The text of `crosswalk <command> --help`. */
export function helpText({ command, summary, examples }: CommandHelp): string {
  const rows = optionsOf(command).map((option) => [optionHead(option), optionHelp(option)] as const);
  const width = Math.max(...rows.map(([head]) => head.length));
  return [
    `crosswalk ${command}: ${summary}`,
    "",
    "Examples:",
    ...examples.map((example) => `  ${example}`),
    "",
    "Options:",
    ...rows.map(([head, help]) => `  ${head.padEnd(width)}  ${help}`),
    `  ${"--help".padEnd(width)}  this text`,
    "",
  ].join("\n");
}

const placeholders: Readonly<Record<Exclude<Option["kind"], "flag">, string>> = {
  number: "NUMBER",
  integer: "COUNT",
  text: "NAME",
  numbers: "A,B,…",
  size: "HxW",
  bytes: "BYTES",
  path: "PATH",
  paths: "PATH…",
};

function optionHead({ key, kind, choices, default: value }: Option): string {
  if (kind === "flag") return value === true ? `--no-${key}` : `--${key}`;
  return `--${key} ${choices?.join("|") ?? placeholders[kind]}`;
}

function optionHelp({ help, kind, default: value }: Option): string {
  if (value === undefined || kind === "flag") return value === true ? `do not ${help}` : help;
  return `${help} (default ${formatDefault(value)})`;
}
