/**
 * `crosswalk synth`: writes the two built-in towns as ordinary data sets.
 *
 * @module
 */

import { join } from "node:path";
import { writeTowns } from "../run/synth.ts";
import { readArguments } from "./arguments.ts";
import { terminal } from "../report/terminal.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("synth", args);
  const out = settings.require("out");
  const trainCount = settings.get("town-images");
  await writeTowns(out, { ...settings.get("town-size"), trainCount, seed: settings.get("seed") });
  const folders = { source: join(out, "source"), target: join(out, "target") };
  if (settings.get("json")) terminal.printJson(folders);
  else terminal.say(`Wrote ${folders.source} and ${folders.target}`);
  return 0;
}
