/**
 * Runs a recipe of a published row at toy size, through the real command line: tiny pictures in the official layouts, an
 * eighth of the network's width, one round, one step or two. What the recipe says of the method stays as it is.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run as adapt } from "../../src/cli/adapt.ts";
import { run as train } from "../../src/cli/train.ts";
import { type OfficialLayout, writeOfficial } from "../data/official_layouts.ts";

/** Size of the pictures. */
const size = { height: 32, width: 64 };

/** What a recipe's name says. */
export interface PublishedRow {
  readonly source: OfficialLayout;
  readonly target: OfficialLayout;
  readonly network: string;
  readonly method: string;
}

/** What the name of a recipe says; `null` if it is not that of a published row. */
export function rowOf(name: string): PublishedRow | null {
  const match = /^(gta5|synthia|cityscapes)-(cityscapes|rome|rio|tokyo|taipei)-(resnet38|resnet101|vgg16)-([a-z0-9-]+)$/
    .exec(name);
  if (match === null) return null;
  const [, source = "", target = "", network = "", method = ""] = match;
  return {
    source: source === "gta5" ? "gta5" : source === "synthia" ? "synthia" : "cityscapes",
    target: target === "cityscapes" ? "cityscapes" : "crosscity",
    network,
    method,
  };
}

/** The arguments by which a recipe runs in the folder at toy size, after it has written the pictures there. */
export function toyArguments(name: string, folder: string): string[] {
  const row = rowOf(name);
  if (row === null) throw new Error(`${name} is not the recipe of a published row`);
  const [source, target] = [join(folder, "source"), join(folder, "target")];
  writeOfficial(row.source, source, { size });
  writeOfficial(row.target, target, { size });
  const isSource = row.method === "source";
  const smaller = [
    "width=0.125,batch=1,accumulate=1,label-batch=1,crop=32x32,source-steps=1",
    ...isSource ? [] : ["rounds=1,epochs=1,source-images=1,target-images=1"],
  ].join();
  return [
    ...["--config", name, "--set", smaller, "--source", source],
    ...isSource ? ["--eval-split", "train"] : ["--target", target],
    ...["--out", join(folder, "run")],
  ];
}

/** Runs a recipe in a folder; returns what stands in its `result.json`. */
export async function runToy(name: string, folder: string): Promise<Record<string, unknown>> {
  const args = toyArguments(name, folder);
  const code = await (rowOf(name)?.method === "source" ? train : adapt)(args);
  if (code !== 0) throw new Error(`${name} ended with exit code ${code}`);
  return JSON.parse(readFileSync(join(folder, "run", "result.json"), "utf8"));
}
