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

/** The recipe for the built-in data that are asked for; `null` where other data are given. */
export function builtInRecipe(
  given: Readonly<Partial<Record<"source" | "target" | "data" | "built-in", unknown>>>,
): string | null {
  if ([given.source, given.target, given.data].some((path) => path !== undefined)) return null;
  return builtInRecipes[builtInNames.find((name) => name === given["built-in"]) ?? "towns"];
}
