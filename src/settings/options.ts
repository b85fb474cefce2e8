/**
 * Every option of every command, once: its name on the command line and in recipes, its kind, default and help text.
 * The command line, the types of settings, the check of recipes and the table of `docs/recipes.md` are made from here.
 * The entries stand in `option_groups/`, laid out by hand, so that an option takes two or three lines.
 *
 * @module
 */

import { dataOptions } from "./option_groups/data.ts";
import { labelsOptions } from "./option_groups/labels.ts";
import { measurementOptions } from "./option_groups/measurement.ts";
import { methodOptions } from "./option_groups/method.ts";
import { networkOptions } from "./option_groups/network.ts";
import { outputOptions } from "./option_groups/output.ts";
import { trainingOptions } from "./option_groups/training.ts";
import type { Command, OptionShape } from "./option_shape.ts";

export type { Command, OptionGroup, OptionKind } from "./option_shape.ts";

const table = [
  ...dataOptions,
  ...networkOptions,
  ...methodOptions,
  ...trainingOptions,
  ...labelsOptions,
  ...measurementOptions,
  ...outputOptions,
] as const satisfies readonly OptionShape[];

/** The table with its literal types, from which the types of values are derived. */
export type OptionTable = typeof table;

/** The name of an option. */
export type OptionKey = OptionTable[number]["key"];

/** One option. */
export interface Option extends OptionShape {
  readonly key: OptionKey;
}

/** All options. */
export const options: readonly Option[] = table;

/** The options of a command, with the properties that they have there. */
export function optionsOf(command: Command): Option[] {
  return options.filter(({ commands }) => commands.includes(command))
    .map((option) => ({ ...option, ...option.differs?.[command] }));
}

/** Whether a command reads recipes. */
export function readsRecipes(command: Command): boolean {
  return options.some(({ key, commands }) => key === "config" && commands.includes(command));
}

/** The commands that read an option from a recipe: not those to which it is a path. */
export function recipeCommands({ commands, differs = {} }: Option): readonly Command[] {
  return commands.filter((command) => readsRecipes(command) && differs[command]?.kind === undefined);
}

/** Why an option may not stand in a recipe, as the end of a sentence that begins with its name; `null` if it may. */
export function recipeObstacle({ key, kind, words, orShare, ofOneStart, commands }: Option): string | null {
  if (kind === "paths" || (kind === "path" && words === undefined && orShare !== true)) {
    return `a path, which belongs on the command line: --${key}`;
  }
  if (ofOneStart) return `which is not of the run but of one start. It belongs on the command line: --${key}`;
  return commands.some(readsRecipes) ? null : `an option of ${commands.join(" and ")}, which reads no recipe`;
}

/** All texts that some command allows for an option; absent if every text is allowed. */
export function allChoices({ choices, differs = {} }: Option): readonly string[] | undefined {
  const more = Object.values(differs).flatMap((different) => different.choices ?? []);
  return choices === undefined ? undefined : [...new Set([...choices, ...more])];
}
