/**
 * `report/run.json`: what a report says of a run that no other file of its folder holds. It is written when the run begins
 * and again when it ends.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { readFile, writeFileSafely } from "../../disk/files.ts";
import { validated } from "../../formats/validation.ts";
import { jsonText } from "../../selftraining/store.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const byte = v.pipe(count, v.maxValue(255));
const classesSchema = v.array(v.object({ name: v.string(), color: v.strictTuple([byte, byte, byte]) }));

const schema = v.object({
  kind: v.picklist(["adapt", "train", "evaluate"]),
  /** When this start of the run began, as ISO 8601. */
  started: v.string(),
  /** Version of the program. */
  version: v.string(),
  /** Name of the network and how it differs from the plain one of that name. */
  network: v.string(),
  /** Name of the adapter, and whether it is software. */
  adapter: v.string(),
  /** At which size images are worked on, in words. */
  size: v.string(),
  /** The classes that are scored. */
  classes: classesSchema,
  /** The classes of the network. */
  labelClasses: classesSchema,
  /** What each class of the network is among those that are scored, 255 for none; `null` where they are the same. */
  merge: v.nullable(v.array(byte)),
  /** How many images of each kind there are. */
  images: v.record(v.string(), count),
  /** The training stages and their steps, in their order. */
  stages: v.array(v.object({ stage: v.string(), steps: count })),
  /** The most GPU memory that was allocated, in bytes; `null` before the end. */
  peakBytes: v.nullable(count),
  /** The folder of the run that it goes on from. `config.json` has its record under the key of that option. */
  run: v.optional(v.string()),
  /** The settings of an evaluation; those of runs stand in their `config.json`. */
  settings: v.optional(v.record(v.string(), v.unknown())),
});

/** What a report says of a run that no other file holds. */
export type RunSketch = v.InferOutput<typeof schema>;

/** The folder of a run's folder that holds this file and the layers of the pictured images. */
export const reportFolder = "report";

/** Writes the file. */
export function writeSketch(folder: string, sketch: RunSketch): void {
  writeFileSafely(join(folder, reportFolder, "run.json"), jsonText(sketch));
}

/**
 * Reads the file; `null` where there is none, as in runs of earlier versions.
 *
 * @throws {Error} naming file and key where it is damaged.
 */
export function readSketch(folder: string): RunSketch | null {
  const path = join(folder, reportFolder, "run.json");
  if (!existsSync(path)) return null;
  return validated(schema, new TextDecoder().decode(readFile(path)), path, "facts of the run");
}
