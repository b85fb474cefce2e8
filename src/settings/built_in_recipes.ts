/**
 * The recipes of `adapt` and `train` if no data is given, one for each built-in data set. They are the texts of recipes
 * as a module, so that they are found wherever the program runs.
 *
 * @module
 */

import lidar from "../../recipes/lidar.yaml" with { type: "text" };
import sensors from "../../recipes/lidar-sensors.yaml" with { type: "text" };
import towns from "../../recipes/town.yaml" with { type: "text" };

/** Names of the built-in data sets. */
export const builtInNames = ["towns", "lidar", "lidar-sensors"] as const;

/** A built-in data set. */
export type BuiltIn = typeof builtInNames[number];

/** Settings for the built-in data sets. */
export const builtInRecipes: Readonly<Record<BuiltIn, string>> = { towns, lidar, "lidar-sensors": sensors };

/** What tells which data and which recipe a run has. */
export type GivenData = Readonly<Partial<Record<"source" | "target" | "data" | "built-in" | "config", unknown>>>;

/** The recipe for the built-in data that are asked for; `null` where other data are given. */
export function builtInRecipe(given: GivenData): string | null {
  const name = builtInOf(given);
  return name === null ? null : builtInRecipes[name];
}

/** Which recipe a run follows, as it is announced and reported: a file, that of built-in data, or the defaults. */
export function recipeName(given: GivenData): string {
  if (typeof given.config === "string") return given.config;
  const name = builtInOf(given);
  return name === null ? "the defaults, made for a few hundred images" : `that of the built-in ${name}`;
}

function builtInOf(given: GivenData): BuiltIn | null {
  if ([given.source, given.target, given.data].some((path) => path !== undefined)) return null;
  return builtInNames.find((name) => name === given["built-in"]) ?? "towns";
}
