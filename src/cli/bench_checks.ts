/**
 * Which options of `crosswalk bench` go together.
 *
 * @module
 */

import { pytorchNetworks } from "../../bench/network_step.ts";
import { UsageError } from "../errors.ts";
import type { OptionKey } from "../settings/options.ts";
import type { Settings } from "../settings/settings.ts";

/** The parts of `bench` that `--plot` can draw. Without a part it draws the kernels. */
const drawnParts: readonly (string | undefined)[] = [undefined, "kernels", "growth"];

/** The other engines that a part can run, if it cannot run all. */
const enginesOf: Readonly<Record<string, readonly string[]>> = {
  select: [],
  memory: ["tfjs"],
  overhead: [],
  growth: [],
};

/** The options that say something of the network of `bench step --network`. */
const networkOptions: readonly OptionKey[] = [
  ...[
    "size",
    "label-size",
    "width",
    "batch-norm",
    "heads",
    "branches",
    "colors",
    "stride-in",
    "skip-scale",
    "inputs",
    "scaling",
  ] as const,
];

/**
 * Refuses options of `--network` without it, and engines that do not have the network.
 *
 * @throws {UsageError} naming the option.
 */
function requireSensibleNetwork(part: string | undefined, settings: Settings): void {
  const network = settings.get("network");
  if (network !== undefined && part !== "step") {
    throw new UsageError("--network names the network of bench step: it goes with no other part of bench");
  }
  if (network === undefined) {
    const given = networkOptions.find((key) => settings.has(key)) ??
      (["recompute", "half-activations"] as const).find((key) => settings.isOn(key)) ??
      (settings.get("batch") !== 2 ? "batch" : settings.get("classes") !== 19 ? "classes" : undefined);
    if (given === undefined) return;
    throw new UsageError(`--${given} is about the network of bench step --network NAME, which is not given`);
  }
  const others = settings.get("against")?.split(",").map((name) => name.trim()) ?? [];
  const unknown = others.find((name) => name !== "pytorch");
  if (unknown !== undefined) {
    throw new UsageError(`bench step --network runs no other engine than pytorch: leave out --against ${unknown}`);
  }
  if (others.length > 0 && !pytorchNetworks.includes(network)) {
    throw new UsageError(
      `There is no ${network} in PyTorch to compare with: leave out --against pytorch. There are ` +
        pytorchNetworks.join(", "),
    );
  }
}

/**
 * Refuses options that would do nothing.
 *
 * @param part the part of `bench` that runs; `undefined` means all.
 * @throws {UsageError} naming the option.
 */
export function requireSensibleOptions(part: string | undefined, settings: Settings): void {
  const plot = settings.get("plot");
  if (plot !== undefined && !plot.toLowerCase().endsWith(".svg")) {
    throw new UsageError(`--plot is "${plot}", expected a file that ends in .svg`);
  }
  if (plot !== undefined && !drawnParts.includes(part)) {
    throw new UsageError(`bench ${part} draws nothing: --plot goes with bench, bench kernels and bench growth`);
  }
  if (settings.has("only") && part !== "kernels") {
    throw new UsageError("--only chooses among the kernels of bench kernels: it goes with no other part of bench");
  }
  requireSensibleNetwork(part, settings);
  const engines = part === undefined ? undefined : enginesOf[part];
  const unknown = settings.get("against")?.split(",").find((name) => !engines?.includes(name.trim()));
  if (engines !== undefined && unknown !== undefined) {
    const known = engines.length === 0 ? "no other engines" : `no other engine than ${engines.join(", ")}`;
    throw new UsageError(`bench ${part} runs ${known}: leave out --against ${unknown}`);
  }
  if (!settings.get("submit")) return;
  if (part !== undefined) {
    throw new UsageError(`--submit chooses its parts itself. Leave out "${part}"`);
  }
  for (const key of ["json", "plot", "against"] as const) {
    if (settings.has(key)) throw new UsageError(`--submit prints its block and nothing else. Leave out --${key}`);
  }
}
