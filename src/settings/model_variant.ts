/**
 * From options to the variant of a network.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { ModelVariant } from "../nn/variant.ts";
import type { Settings } from "./settings.ts";

/**
 * The variant that the options ask for. What no option says is absent, so that a weight file may say it.
 *
 * @throws {UsageError} if no head sums so many branches.
 */
export function modelVariant(settings: Settings): ModelVariant {
  const branches = settings.get("branches");
  if (branches !== undefined && branches !== 2 && branches !== 4) {
    throw new UsageError(`--branches is ${branches}, expected 2 or 4`);
  }
  const skips = settings.get("skip-scale");
  const wanted = {
    width: settings.get("width"),
    batchNorm: settings.get("batch-norm"),
    heads: settings.get("heads"),
    branches,
    colors: settings.get("colors"),
    strideIn: settings.get("stride-in"),
    skipScale: skips === undefined ? undefined : skips === "on",
    inputs: settings.get("inputs"),
    scaling: settings.get("scaling"),
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
}
