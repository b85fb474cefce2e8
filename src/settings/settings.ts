/**
 * The values of options: from the command line, from a recipe, or their defaults, checked and typed.
 *
 * @module
 */

import * as v from "valibot";
import { parse as parseYaml } from "yaml";
import type { Shapes } from "../data/shapes.ts";
import { errorText, UsageError } from "../errors.ts";
import { shortJson, shortText } from "../formats/validation.ts";
import type { ViewOptions } from "../selftraining/views.ts";
import { type Expectation, readExpectation } from "./expectation.ts";
import { shareOf } from "./shares.ts";
import {
  allChoices,
  type Command,
  type Option,
  type OptionKey,
  options,
  optionsOf,
  recipeObstacle,
} from "./options.ts";
import {
  checkedValues,
  type OptionResult,
  type OptionValue,
  type Value,
  type Values,
  valueSchema,
} from "./option_values.ts";

export { checkedValues, type Value, type Values } from "./option_values.ts";

/** The values of a command's options. */
export class Settings {
  readonly #values: Values;

  /** Takes checked values. */
  constructor(values: Values) {
    this.#values = values;
  }

  /** Whether the option has a value: given, of the recipe, or by default. */
  has(key: OptionKey): boolean {
    return this.#values[key] !== undefined;
  }

  /**
   * The value of an option: the one that was given, else that of the recipe, else its default. Without any of these it
   * is `false` for a switch and `undefined` for all others. An option whose default another one overrides is
   * `undefined` where that other one was given.
   *
   * @throws {Error} for an option with a default that the command does not take.
   */
  get<K extends OptionKey>(key: K): OptionResult<K> {
    const value = this.#values[key];
    if (value !== undefined) return value;
    const option: Option | undefined = options.find((one) => one.key === key);
    if (option?.default !== undefined && option.unless === undefined) {
      throw new Error(`The command takes no option "${key}"`);
    }
    // As `OptionResult` says: `false` for a switch, else nothing.
    return (option?.kind === "flag" ? false : undefined) as OptionResult<K>;
  }

  /** Whether a switch is on. `false` if the option is no switch of the command. */
  isOn(key: OptionKey): boolean {
    return this.#values[key] === true;
  }

  /** The paths that were given for an option; `undefined` if none were, or the option takes none in the command. */
  paths(key: OptionKey): readonly string[] | undefined {
    const value: Value | undefined = this.#values[key];
    return Array.isArray(value) && value.every((path) => typeof path === "string") ? value : undefined;
  }

  /**
   * The value of an option that the command cannot do without.
   *
   * @throws {UsageError} if it was not given.
   */
  require<K extends OptionKey>(key: K): OptionValue<K> {
    const value = this.#values[key];
    if (value === undefined) throw new UsageError(`Give --${key}`);
    return value;
  }

  /** All values as JSON values, sizes as text, in the order of the option table. */
  toJSON(): Record<string, unknown> {
    const entries = options.filter(({ key }) => this.has(key)).map(({ key }) => {
      const value: Value | undefined = this.#values[key];
      const isSize = typeof value === "object" && "height" in value;
      return [key, isSize ? `${value.height}x${value.width}` : value];
    });
    return Object.fromEntries(entries);
  }
}

/**
 * The settings of a command. A value that was given wins over the recipe, and the recipe over the default. Where an
 * option takes another's place, the one given nearer to the command line holds.
 *
 * @param given values of the command line.
 * @param recipe values of a recipe.
 */
export function resolveSettings(command: Command, given: Values = {}, recipe: Values = {}): Settings {
  const values: [OptionKey, Value][] = [];
  for (const option of optionsOf(command)) {
    // A recipe holds the kind of value that most commands take.
    const fromRecipe = option.differs?.[command]?.kind === undefined ? recipe[option.key] : undefined;
    const value = given[option.key] ?? (answered(option, given) ? undefined : fromRecipe ??
      (answered(option, recipe) || option.default === undefined ? undefined : readValue(option, option.default)));
    // A recipe may hold a value that only another command allows, so the value is checked against this command's
    // choices.
    if (value !== undefined && option.choices !== undefined) readValue(option, value);
    if (value !== undefined) values.push([option.key, value]);
  }
  return new Settings(checkedValues(values));
}

/** Whether `values` hold the option that takes the place of this one. */
function answered({ unless }: Option, values: Values): boolean {
  return Object.keys(values).some((key) => key === unless);
}

const recipeKeys = options.filter((option) => recipeObstacle(option) === null).map(({ key }) => key);

/** What a recipe holds. */
export interface Recipe {
  /** Values of options. */
  readonly values: Values;
  /** The published row that the recipe is made to reproduce; `null` if it names none. */
  readonly expect: Expectation | null;
}

/**
 * The options of a recipe.
 *
 * @throws {UsageError} as {@link parseRecipe} does.
 */
export function readRecipe(text: string, source: string): Values {
  return parseRecipe(text, source).values;
}

/**
 * Reads a recipe: YAML with keys of the option table, and `expect`.
 *
 * @throws {UsageError} naming the file and the key that is unknown, belongs on the command line, or has a bad value.
 */
export function parseRecipe(text: string, source: string): Recipe {
  let content: unknown;
  try {
    content = parseYaml(text, { logLevel: "error" }) ?? {};
  } catch (error) {
    throw new UsageError(`Cannot read the recipe ${source}: ${errorText(error)}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new UsageError(`Cannot read the recipe ${source}: expected lines of "key: value"`);
  }
  return recipeOf(content, source);
}

/**
 * What a recipe holds whose keys and values have been read already, such as one in a JSON file.
 *
 * @throws {UsageError} as {@link parseRecipe} does.
 */
export function recipeOf(content: object, source: string): Recipe {
  const values: [OptionKey, Value][] = [];
  let expect: Expectation | null = null;
  for (const [key, value] of Object.entries(content)) {
    if (key === "expect") {
      expect = readExpectation(value, source);
      continue;
    }
    const option = options.find((candidate) => candidate.key === key);
    if (option === undefined) {
      throw new UsageError(
        `The recipe ${source} has the unknown key ${shortText(key)}. ${suggestion(key, recipeKeys)}`,
      );
    }
    const obstacle = recipeObstacle(option);
    if (obstacle !== null) throw new UsageError(`The recipe ${source} has the key "${key}", ${obstacle}`);
    const takesWords = option.kind === "path" && !(option.orShare === true && shareOf(String(value)) !== null);
    const choices = allChoices(option) ?? (takesWords ? option.words : undefined);
    values.push([option.key, readValue({ ...option, ...(choices === undefined ? {} : { choices }) }, value, source)]);
  }
  return { values: checkedValues(values), expect };
}

/**
 * Checks and converts one value of the command line, a recipe or a default.
 *
 * @param recipe name of the recipe, if the value stands in one.
 * @throws {UsageError} saying what was expected.
 */
export function readValue(option: Option, raw: unknown, recipe?: string): Value {
  const result = v.safeParse(valueSchema(option), raw);
  if (result.success) return result.output;
  const place = recipe === undefined ? `--${option.key}` : `"${option.key}" in ${recipe}`;
  const advice = option.choices !== undefined && typeof raw === "string" ? `. ${suggestion(raw, option.choices)}` : "";
  throw new UsageError(`${place} is ${shortJson(raw)}, expected ${result.issues[0].message}${advice}`);
}

/** How predictions are averaged for scores and pictures: as `viewOptions`, where the options do not say otherwise. */
export function testViewOptions(settings: Settings): ViewOptions {
  const { scales, flip, average } = viewOptions(settings);
  return {
    scales: settings.get("test-scales") ?? scales,
    flip: settings.has("test-flip") ? settings.get("test-flip") : flip,
    average: settings.get("test-average") ?? average,
  };
}

/** How predictions are averaged, as the options say. */
export function viewOptions(settings: Settings): ViewOptions {
  return { scales: settings.get("scales"), flip: settings.get("flip"), average: settings.get("average") };
}

/** Pixels of the images that are labelled together, unless the options say how many these are: of four of 384×512. */
const labelBatchPixels = 4 * 384 * 512;
/** The same of range images, whose network computes at their full size. */
const labelBatchScanPixels = 4 * 64 * 512;

/** How many images are labelled or scored together: as the options say, or at most four, by the largest canvas. */
export function labelBatch(settings: Settings, { canvases, points }: Pick<Shapes, "canvases" | "points">): number {
  const batch = settings.get("label-batch");
  if (batch !== "auto") return batch;
  const pixels = Math.max(...canvases.map(({ height, width }) => height * width));
  const together = points === undefined ? labelBatchPixels : labelBatchScanPixels;
  return Math.max(1, Math.min(4, Math.floor(together / pixels)));
}

/** `Did you mean "…"?` with the nearest of `candidates`. If none is near, the first eight candidates. */
export function suggestion(text: string, candidates: readonly string[]): string {
  const nearest = [...candidates].sort((a, b) => distance(text, a) - distance(text, b))[0];
  if (nearest !== undefined && distance(text, nearest) <= Math.max(2, text.length / 3)) {
    return `Did you mean "${nearest}"?`;
  }
  const shown = candidates.slice(0, 8).join(", ");
  return `Known: ${shown}${candidates.length > 8 ? ` and ${candidates.length - 8} more` : ""}`;
}

/** Levenshtein distance of two texts. */
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
