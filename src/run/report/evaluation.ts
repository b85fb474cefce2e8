/**
 * What `evaluate --out` leaves in a folder: `result.json`, the layers of some images, and the report.
 *
 * @module
 */

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { FileItem } from "../../data/file_item.ts";
import { makeFolder, writeFileSafely } from "../../disk/files.ts";
import { UsageError } from "../../errors.ts";
import type { Color } from "../../report/picture.ts";
import { formatSize, isExact } from "../../data/size.ts";
import { jsonText } from "../../selftraining/store.ts";
import { pictured } from "../pictures.ts";
import { programVersion } from "../program_version.ts";
import { configName, savedForm } from "../run_config.ts";
import { ImageLayers, type LayerContext } from "./layers.ts";
import { adapterText, networkText, reportClasses } from "./recorder.ts";
import { resultName } from "./run_files.ts";
import { readSketch, reportFolder, writeSketch } from "./run_sketch.ts";
import { ScanLayers } from "./scan_layers.ts";
import { writeReport } from "./write_report.ts";

/**
 * Makes the folder of an evaluation. What an earlier evaluation left in it stays until this one has scores.
 *
 * @throws {UsageError} if the folder holds something else.
 */
export function openEvaluation(out: string): void {
  const holdsRun = existsSync(join(out, configName)) || existsSync(join(out, "stages.json"));
  if (holdsRun || (existsSync(join(out, resultName)) && !isEvaluation(out))) {
    throw new UsageError(`${out} holds a run already. Choose another folder with --out`);
  }
  makeFolder(out);
}

function isEvaluation(folder: string): boolean {
  return readSketch(folder)?.kind === "evaluate";
}

/** Removes what an earlier evaluation left. Its result goes first: a folder without one may be evaluated into. */
function clearEvaluation(folder: string): void {
  if (!isEvaluation(folder)) return;
  rmSync(join(folder, resultName), { force: true });
  rmSync(join(folder, reportFolder), { recursive: true });
}

/**
 * Writes the result and the report into the folder of `context`.
 *
 * @param result what `result.json` is to hold.
 * @returns the path of the report.
 */
export async function writeEvaluation(
  context: LayerContext,
  items: readonly FileItem[],
  { result, palette, started }: {
    readonly result: unknown;
    /** The colours of the data set's classes. */
    readonly palette: readonly Color[];
    readonly started: Date;
  },
): Promise<string> {
  const { gpu, network, settings, shapes: { size }, merge, folder } = context;
  clearEvaluation(folder);
  const classes = reportClasses(network, merge, { own: palette, scored: palette });
  const chosen = pictured(items);
  const layers = network.model.takes.scans === undefined
    ? new ImageLayers(context, chosen, null)
    : new ScanLayers(context, chosen, classes.classes.map(({ color }) => color), null);
  const sketch = {
    ...{ kind: "evaluate" as const, started: started.toISOString(), version: programVersion().version, ...classes },
    ...{ network: networkText(network), adapter: adapterText(gpu), stages: [], peakBytes: null },
    size: isExact(size)
      ? formatSize(size)
      : size === null
      ? "their own size"
      : `a short side of ${size.shortSide} pixels`,
    images: { evaluation: items.length },
    settings: savedForm(settings),
  };
  // It tells whose folder this is, so it comes first.
  writeSketch(folder, sketch);
  await layers.network(0);
  writeSketch(folder, { ...sketch, peakBytes: gpu.peakBytes });
  writeFileSafely(join(folder, resultName), jsonText(result));
  return await writeReport([folder]);
}
