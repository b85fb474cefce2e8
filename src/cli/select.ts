/**
 * `crosswalk select`: chooses pseudo-labels from probability maps or logits.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { select, type SelectOptions } from "../run/select.ts";
import type { Settings } from "../settings/settings.ts";
import { readArguments } from "./arguments.ts";
import { openGpu } from "./open.ts";
import { shown, terminal } from "../report/terminal.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("select", args);
  const maps = mapsOf(settings);
  const out = settings.require("out");
  const prior = settings.get("prior");
  using gpu = await openGpu(settings.get("adapter"));
  const report = await select(gpu, {
    ...maps,
    ...(prior === undefined ? {} : { prior }),
    policy: settings.get("policy"),
    rule: settings.get("rule"),
    portion: settings.get("portion"),
    stride: settings.get("stride"),
    alpha: settings.get("alpha"),
    out,
    format: settings.get("format"),
  });
  if (settings.get("json")) {
    terminal.printJson(report);
    return 0;
  }
  terminal.print(
    `${"class".padStart(5)}  ${"threshold".padStart(12)}  ${"predicted".padStart(11)}  ${"labelled".padStart(11)}`,
  );
  for (const [id, lambda] of report.lambda.entries()) {
    const cells = [lambda.toPrecision(7).padStart(12), ...[report.n_pixels[id], report.labelled[id]].map(column)];
    terminal.print(`${String(id).padStart(5)}  ${cells.join("  ")}`);
  }
  terminal.print(`${report.ignored} pixels ignored; the labels are in ${shown(out)}`);
  return 0;
}

/** The files of exactly one of the two options. */
function mapsOf(settings: Settings): Pick<SelectOptions, "maps" | "kind"> {
  const probabilities = settings.paths("probabilities");
  const logits = settings.paths("logits");
  if (probabilities !== undefined && logits !== undefined) {
    throw new UsageError("Give either --probabilities or --logits, not both");
  }
  if (probabilities !== undefined) return { maps: probabilities, kind: "probabilities" };
  if (logits !== undefined) return { maps: logits, kind: "logits" };
  throw new UsageError("Give --probabilities or --logits: the .npy files to select from");
}

function column(count: number | undefined): string {
  return String(count ?? 0).padStart(11);
}
