/**
 * `crosswalk report`: rebuilds the report of a run from its folder, or compares several.
 *
 * @module
 */

import { statSync } from "node:fs";
import { UsageError } from "../errors.ts";
import { shown, terminal } from "../report/terminal.ts";
import { writeTensorboard } from "../run/report/tensorboard.ts";
import { writeReport } from "../run/report/write_report.ts";
import { readArguments } from "./arguments.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("report", args);
  const folders = settings.get("run-folders");
  if (folders === undefined) throw new UsageError("Give the folder of a run, or several to compare them");
  const path = await writeReport(folders, { out: settings.get("out"), control: settings.get("control-run") });
  const events = settings.get("tensorboard") ? folders.map(writeTensorboard) : [];
  const { size } = statSync(path);
  if (settings.get("json")) terminal.printJson({ report: path, bytes: size, tensorboard: events });
  else {
    terminal.print(`report       ${shown(path)} (${(size / 1e6).toFixed(2)} MB)`);
    for (const file of events) terminal.print(`tensorboard  ${shown(file)}`);
  }
  return 0;
}
