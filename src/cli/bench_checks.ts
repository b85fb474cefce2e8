/**
 * Which options of `crosswalk bench` go together.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Settings } from "../run/settings.ts";

/** The parts that `--plot` draws; without a part it draws the kernels. */
const drawnParts: readonly (string | undefined)[] = [undefined, "kernels", "growth"];

/** The parts that run no other engines. */
const lonelyParts: readonly string[] = ["overhead", "growth"];

/**
 * Refuses options that would do nothing.
 *
 * @param part the part of bench that is run; `undefined` is all.
 * @throws {UsageError} naming the option.
 */
export function requireSensibleOptions(part: string | undefined, settings: Settings): void {
  const plot = settings.optionalText("plot");
  if (plot !== undefined && !plot.toLowerCase().endsWith(".svg")) {
    throw new UsageError(`--plot is "${plot}", expected a file that ends in .svg`);
  }
  if (plot !== undefined && !drawnParts.includes(part)) {
    throw new UsageError(`bench ${part} draws nothing: --plot goes with bench, bench kernels and bench growth`);
  }
  if (part !== undefined && lonelyParts.includes(part) && settings.has("against")) {
    throw new UsageError(`bench ${part} runs no other engines: --against goes with the other parts`);
  }
  if (!settings.flag("submit")) return;
  if (part !== undefined) {
    throw new UsageError(`--submit chooses its parts itself. Leave out "${part}"`);
  }
  for (const key of ["json", "plot", "against"]) {
    if (settings.has(key)) throw new UsageError(`--submit prints its block and nothing else. Leave out --${key}`);
  }
}
