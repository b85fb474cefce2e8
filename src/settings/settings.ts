/**
 * The values of options: from the command line, from a recipe, or their defaults, checked and typed.
 *
 * @module
 */

import * as v from "valibot";
import { parse as parseYaml } from "yaml";
import type { Size } from "../data/size.ts";
import { UsageError } from "../errors.ts";
import type { ViewOptions } from "../selftraining/views.ts";
import { allChoices, type Command, isRecipeKey, type Option, options, optionsOf } from "./options.ts";
import { type Value, valueSchema } from "./option_values.ts";

export type { Value } from "./option_values.ts";

/** The options of a run. Ask for each by the getter of its kind. */
export class Settings {
  readonly #values: ReadonlyMap<string, Value>;

  /** Takes checked values by key. */
  constructor(values: ReadonlyMap<string, Value>) {
    this.#values = values;
  }

  /** Whether the option has a value. */
  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** A number that is given or has a default. */
  number(key: string): number {
    return this.#typed(key, (value) => typeof value === "number" ? value : undefined);
  }

  /** A number, or `undefined`. */
  optionalNumber(key: string): number | undefined {
    return this.has(key) ? this.number(key) : undefined;
  }

  /** A text or path that is given or has a default. */
  text(key: string): string {
    return this.#typed(key, (value) => typeof value === "string" ? value : undefined);
  }

  /** A text or path, or `undefined`. */
  optionalText(key: string): string | undefined {
    return this.has(key) ? this.text(key) : undefined;
  }

  /** A switch. */
  flag(key: string): boolean {
    return this.#values.get(key) === true;
  }

  /** A list of numbers. */
  numbers(key: string): number[] {
    return this.#typed(key, (value) => Array.isArray(value) ? value.map(Number) : undefined);
  }

  /** A list of paths; empty where none was given. */
  paths(key: string): string[] {
    const value = this.#values.get(key);
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** A size, or `undefined`. */
  size(key: string): Size | undefined {
    const value = this.#values.get(key);
    return typeof value === "object" && "height" in value ? value : undefined;
  }

  /** The same settings with some replaced. */
  with(values: Readonly<Record<string, Value>>): Settings {
    return new Settings(new Map([...this.#values, ...Object.entries(values)]));
  }

  /** All values as JSON has them, sizes as text, in the order of the option table. */
  toJSON(): Record<string, unknown> {
    const entries = options.filter(({ key }) => this.has(key)).map(({ key }) => {
      const value = this.#values.get(key);
      const isSize = typeof value === "object" && "height" in value;
      return [key, isSize ? `${value.height}x${value.width}` : value];
    });
    return Object.fromEntries(entries);
  }

  #typed<T>(key: string, pick: (value: Value) => T | undefined): T {
    const value = this.#values.get(key);
    const picked = value === undefined ? undefined : pick(value);
    if (picked === undefined) throw new UsageError(`Give --${key}`);
    return picked;
  }
}

/**
 * Settings of a command: what was given, over the recipe, over the defaults.
 *
 * @param given values of the command line.
 * @param recipe values of a recipe.
 */
export function resolveSettings(
  command: Command,
  given: ReadonlyMap<string, Value>,
  recipe: ReadonlyMap<string, Value> = new Map(),
): Settings {
  const values = new Map<string, Value>();
  for (const option of optionsOf(command)) {
    const fallback = option.default === undefined ? undefined : readValue(option, option.default);
    const value = given.get(option.key) ?? recipe.get(option.key) ?? fallback;
    // A recipe may hold what only another command allows.
    if (value !== undefined && option.choices !== undefined) readValue(option, value);
    if (value !== undefined) values.set(option.key, value);
  }
  return new Settings(values);
}

/** Keys that mean something to a command that reads recipes. */
function recipeKeys(): string[] {
  const commands = options.find(({ key }) => key === "config")?.commands ?? [];
  return options.filter((option) => isRecipeKey(option) && option.commands.some((name) => commands.includes(name)))
    .map(({ key }) => key);
}

/**
 * Reads a recipe: YAML with keys of the option table.
 *
 * @throws {UsageError} naming the file and the key that is unknown, a path, or has a bad value.
 */
export function readRecipe(text: string, source: string): Map<string, Value> {
  let content: unknown;
  try {
    content = parseYaml(text) ?? {};
  } catch (error) {
    throw new UsageError(`Cannot read the recipe ${source}: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UsageError(`Cannot read the recipe ${source}: expected lines of "key: value"`);
  }
  const values = new Map<string, Value>();
  for (const [key, value] of Object.entries(content)) {
    const option = options.find((candidate) => candidate.key === key);
    if (option === undefined) {
      throw new UsageError(`The recipe ${source} has the unknown key "${key}". ${suggestion(key, recipeKeys())}`);
    }
    if (!isRecipeKey(option)) {
      throw new UsageError(
        `The recipe ${source} has the key "${key}", a path, which belongs on the command line: --${key}`,
      );
    }
    const choices = allChoices(option);
    values.set(key, readValue({ ...option, ...(choices === undefined ? {} : { choices }) }, value, source));
  }
  return values;
}

/**
 * Checks and converts one value of the command line, a recipe or a default.
 *
 * @param recipe the recipe's name, where the value stands in one.
 * @throws {UsageError} saying what was expected.
 */
export function readValue(option: Option, raw: unknown, recipe?: string): Value {
  const result = v.safeParse(valueSchema(option), raw);
  if (result.success) return result.output;
  const place = recipe === undefined ? `--${option.key}` : `"${option.key}" in ${recipe}`;
  const advice = option.choices !== undefined && typeof raw === "string" ? `. ${suggestion(raw, option.choices)}` : "";
  throw new UsageError(`${place} is ${JSON.stringify(raw)}, expected ${result.issues[0].message}${advice}`);
}

/** How predictions are averaged, from the options. */
export function viewOptions(settings: Settings): ViewOptions {
  return {
    scales: settings.numbers("scales"),
    flip: settings.flag("flip"),
    average: settings.text("average") as ViewOptions["average"],
  };
}

/** `Did you mean "…"?` for the nearest of `candidates`, or the list of them. */
export function suggestion(text: string, candidates: readonly string[]): string {
  const nearest = [...candidates].sort((a, b) => distance(text, a) - distance(text, b))[0];
  if (nearest !== undefined && distance(text, nearest) <= Math.max(2, text.length / 3)) {
    return `Did you mean "${nearest}"?`;
  }
  const shown = candidates.slice(0, 8).join(", ");
  return `Known: ${shown}${candidates.length > 8 ? ` and ${candidates.length - 8} more` : ""}`;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
