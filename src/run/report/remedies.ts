/**
 * What to try where self-training goes wrong, in terms of the command line's options.
 *
 * @module
 */

import type { CollapseKind } from "../../selftraining/collapse.ts";
import type { SavedSettings } from "../run_config.ts";

/** The options to try where a class runs away or dies. What the run does already is not proposed. */
export function collapseRemedies(kind: CollapseKind, settings: SavedSettings): string[] {
  return [
    ...(settings["spatial-prior"] === true ? [] : ["--spatial-prior"]),
    ...(kind === "dies" && settings.mining === "off" ? ["--mining reference"] : []),
    "a lower --target-portion",
    "more --source-images",
  ];
}

/** Some names in a row: `a, b or c`. */
export function listed(names: readonly string[], word: "or" | "and" = "or"): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} ${word} ${last}`;
}
