/**
 * `crosswalk convert`: rewrites a weight file, and prints which of its tensors are which of the network.
 *
 * @module
 */

import { writeFileSafely } from "../disk/files.ts";
import { openConversion } from "../run/convert.ts";
import { counted, matchNotices, matchReport, matchTable } from "../run/weight_texts.ts";
import { shown, terminal } from "../report/terminal.ts";
import { readArguments } from "./arguments.ts";
import { weightOptions } from "./open.ts";

/** Runs the command; returns the exit code. */
export function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("convert", args);
  const weights = settings.require("weights");
  const out = settings.get("out");
  const conversion = openConversion(weights, {
    ...weightOptions(settings),
    names: settings.get("names") === "original" ? "original" : "ours",
    backboneOnly: settings.get("backbone-only"),
  });
  const { source, match, rounded } = conversion;
  const isJson = settings.get("json");
  if (!isJson) {
    terminal.print(columns(matchTable(match)));
    for (const notice of matchNotices(source, match)) terminal.say(notice);
  }
  if (rounded.length > 0) {
    terminal.say(
      `${counted(rounded.length, "tensor")} of 64-bit or whole numbers ${
        rounded.length === 1 ? "is" : "are"
      } rounded to 32 bits, such as ${rounded[0]}`,
    );
  }
  if (out !== undefined) writeFileSafely(out, conversion.write());
  if (isJson) terminal.printJson({ ...matchReport(source, match), rounded, written: out ?? null });
  else if (out !== undefined) terminal.print(`written  ${shown(out)}`);
  return Promise.resolve(0);
}

/** Rows as lines with columns of equal width, each from the left. */
function columns(rows: readonly (readonly string[])[]): string {
  const texts = rows.map((cells) => cells.map(shown));
  const widths = (texts[0] ?? []).map((_, column) => Math.max(...texts.map((cells) => cells[column]?.length ?? 0)));
  return texts.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd())
    .join("\n");
}
