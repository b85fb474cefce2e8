/**
 * The recipes that come with the program, and how a recipe is found: by its path, or by its name alone.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../errors.ts";
import type { Expectation } from "./expectation.ts";
import { parseRecipe, type Settings, suggestion, type Values } from "./settings.ts";

const folder = fileURLToPath(new URL("../../recipes", import.meta.url));
const ending = ".yaml";

/** A recipe that comes with the program. */
export interface BuiltInRecipe {
  /** Its name: that of its file, without the ending. */
  readonly name: string;
  readonly path: string;
  readonly values: Values;
  /** The published row that it is made to reproduce; `null` for a recipe of our own. */
  readonly expect: Expectation | null;
  /** Its first line, a comment that says what it is. */
  readonly summary: string;
}

/** The names of the recipes that come with the program, in order. */
export function builtInNames(): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length))
    .sort();
}

/** The recipes that come with the program, in the order of their names. */
export function builtInRecipes(): BuiltInRecipe[] {
  return builtInNames().map((name) => {
    const path = join(folder, `${name}${ending}`);
    const text = readFileSync(path, "utf8");
    const summary = /^# ?(.*)$/m.exec(text)?.[1] ?? "";
    return { name, path, summary, ...parseRecipe(text, path) };
  });
}

/** Whether a recipe is named by its name alone, and comes with the program. */
export function isBuiltIn(recipe: string): boolean {
  return !isFile(recipe) && builtInNames().includes(withoutEnding(recipe));
}

/**
 * The path of a recipe's file.
 *
 * @param recipe the path of a file, or the name of a recipe that comes with the program. A file of that name wins.
 * @throws {UsageError} if it is a name without a folder, and no recipe has it.
 */
export function recipePath(recipe: string): string {
  if (isFile(recipe) || /[/\\]/.test(recipe)) return recipe;
  const names = builtInNames();
  const name = withoutEnding(recipe);
  if (names.includes(name)) return join(folder, `${name}${ending}`);
  throw new UsageError(
    `There is no recipe "${recipe}": neither a file of that name nor one of those that crosswalk recipes lists. ` +
      suggestion(name, names),
  );
}

/**
 * The published row with which a run compares itself; `null` if its recipe has none, or its file is not there any more.
 */
export function expectationOf(settings: Settings): Expectation | null {
  const config = settings.get("config");
  if (config === undefined) return null;
  const path = isBuiltIn(config) ? recipePath(config) : config;
  return existsSync(path) ? parseRecipe(readFileSync(path, "utf8"), path).expect : null;
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function withoutEnding(name: string): string {
  return name.endsWith(ending) ? name.slice(0, -ending.length) : name;
}
