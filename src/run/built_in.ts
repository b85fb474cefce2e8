/**
 * The built-in data sets: two towns in pictures, and the same kind of streets in LiDAR scans.
 *
 * @module
 */

import { join } from "node:path";
import type { BuiltIn } from "../settings/built_in_recipes.ts";
import type { Size } from "../data/size.ts";
import { writeFileSafely } from "../disk/files.ts";
import { writeTowns } from "./synth.ts";
import { writeScans } from "./synth_scans.ts";

/** What to write. */
export interface BuiltInOptions {
  /** Training images or scans of each data set. */
  readonly trainCount: number;
  /** Size of pictures in pixels. Scans have the size of their sensor. */
  readonly size: Size;
  /** Seed of the streets. */
  readonly seed: number;
  /** Called after each image or scan. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Where the data sets are that are learnt from and adapted to; `data` is one of which a part is labelled, so that both
 * are the same.
 */
export type BuiltInFolders =
  | { readonly source: string; readonly target: string }
  | { readonly data: string };

/** The first street of the scans with 32 beams: the sensors do not see the same streets. */
const OTHER_STREETS = 500;

/** The folders of a built-in data set in `outDir`. */
export function builtInFolders(name: BuiltIn, outDir: string): BuiltInFolders {
  return name === "lidar" ? { data: outDir } : { source: join(outDir, "source"), target: join(outDir, "target") };
}

/**
 * The view in which a network sees the scans of both sensors: a row for each of the 21 beams of 32 that look where the 64
 * beams look. A row means the same elevation to both, and both fill all of them: rows that the source never fills would
 * be new to the network. What the 32 beams see further up and down falls on the border rows. What is within 2 m is left
 * out, since most of it is the car that carries the sensor.
 */
const commonView = `${
  JSON.stringify({ rows: 21, columns: 1084, rule: "angle", up: 3.33, down: -24.67, nearest: 2 }, null, 1)
}\n`;

/** Writes a built-in data set. The same options give the same bytes. */
export async function writeBuiltIn(name: BuiltIn, outDir: string, options: BuiltInOptions): Promise<void> {
  const { size, trainCount, seed, onProgress } = options;
  const progress = onProgress === undefined ? {} : { onProgress };
  if (name === "towns") return await writeTowns(outDir, { ...size, trainCount, seed, ...progress });
  if (name === "lidar") return await writeScans(outDir, "64-beams", { trainCount, seed, ...progress });
  for (const side of ["source", "target"]) writeFileSafely(join(outDir, side, "sensor.json"), commonView);
  await writeScans(join(outDir, "source"), "64-beams", { trainCount, seed, ...progress });
  await writeScans(join(outDir, "target"), "32-beams", { trainCount, seed, firstStreet: OTHER_STREETS, ...progress });
}
