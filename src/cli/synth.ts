/**
 * `crosswalk synth`: writes the built-in towns, in pictures or in scans, as ordinary data sets.
 *
 * @module
 */

import { builtInFolders, writeBuiltIn } from "../run/built_in.ts";
import { readArguments } from "./arguments.ts";
import { terminal } from "../report/terminal.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("synth", args);
  const out = settings.require("out");
  const builtIn = settings.get("built-in");
  const [trainCount, size] = [settings.get("town-images"), settings.get("town-size")];
  await writeBuiltIn(builtIn, out, { size, trainCount, seed: settings.get("seed") });
  const folders = builtInFolders(builtIn, out);
  if (settings.get("json")) terminal.printJson(folders);
  else terminal.say(`Wrote ${Object.values(folders).join(" and ")}`);
  return 0;
}
