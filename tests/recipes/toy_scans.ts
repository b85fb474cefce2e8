/**
 * Runs a recipe of range images at toy size, through the real command line: a few made scans in the data set's own
 * layout, an eighth of the network's width, one round of a few steps. What the recipe says of the method stays as it is.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run as adapt } from "../../src/cli/adapt.ts";
import { labelBytes, writeAt, writeNuscenes } from "../data/scans/made_scans.ts";
import { rawIds, withRings, writeScanStreets } from "../run/scan_streets.ts";
import { madeScans } from "../selftraining/made_scans.ts";

/** The data set that a recipe of range images is for; `null` if the name is of none. */
export function scansOf(name: string): "semantickitti" | "scribblekitti" | "nuscenes" | null {
  const found = /^(semantickitti|scribblekitti|nuscenes)-\d+$/.exec(name)?.[1];
  return found === "semantickitti" || found === "scribblekitti" || found === "nuscenes" ? found : null;
}

/** Runs a recipe in a folder; returns what stands in its `result.json`. */
export async function runToyScans(name: string, folder: string): Promise<Record<string, unknown>> {
  const data = join(folder, "data");
  const scans = scansOf(name);
  if (scans === "nuscenes") writeKeyframes(data);
  else writeScanStreets(data, 4, 2);
  if (scans === "scribblekitti") writeScribbles(data, 4);
  const smaller = [
    "width=0.125,batch=2,label-batch=1,source-steps=2,rounds=1,source-images=2,target-images=2",
    `size=${scans === "nuscenes" ? "32x64" : "64x64"}`,
  ].join();
  const code = await adapt([
    ...["--config", name, "--set", smaller, "--data", data, "--labelled", "0.5", "--out", join(folder, "run")],
  ]);
  if (code !== 0) throw new Error(`${name} ended with exit code ${code}`);
  return JSON.parse(readFileSync(join(folder, "run", "result.json"), "utf8"));
}

/** Labels every fifth point of the first scans of sequence 00, as scribbles do. */
function writeScribbles(data: string, count: number): void {
  for (const [index, { labels }] of madeScans("00", count).entries()) {
    const ids = [...labels?.labels ?? []].map((id, point) => point % 5 === 0 ? rawIds[id] ?? 0 : 0);
    writeAt(join(data, "sequences/00/scribbles", `${String(index).padStart(6, "0")}.label`), labelBytes(ids));
  }
}

/** Raw ids of nuScenes' lidarseg: driveable surface, manmade, and vegetation. */
const nuscenesIds = [24, 28, 30];

/** Writes four keyframes of a scene to train on and two of one to score on, with their labels. */
function writeKeyframes(data: string): void {
  const scans = [...madeScans("train", 4), ...madeScans("val", 2)];
  const keyframes = scans.map((
    _,
    index,
  ) => [`t${index}`, `s${index}`, `scene-000${index < 4 ? 1 : 3}`, `file${index}`]);
  writeNuscenes(
    data,
    "v1.0-trainval",
    keyframes,
    (index) => new Uint8Array(withRings(scans[index]?.image.pixels ?? []).buffer),
  );
  for (const [index, { labels }] of scans.entries()) {
    const ids = [...labels?.labels ?? []].map((id) => nuscenesIds[id] ?? 0);
    writeAt(join(data, "lidarseg/v1.0-trainval", `t${index}_lidarseg.bin`), Uint8Array.from(ids));
  }
}
