/**
 * Writes the built-in towns as two ordinary data sets. So everything that works on a data set's folder works on them.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { encodeLabelPng, encodeRgbPng } from "../data/encode.ts";
import { syncFiles, writeFileSafely, writeFileUnsynced } from "../disk/files.ts";
import { renderTown, townClasses, type TownName } from "../town/town.ts";

/** How many pictures to write, and of which size. */
export interface WriteTownsOptions {
  /** Pictures of the split `train` of each town, by default 240. */
  readonly trainCount?: number;
  readonly valCount?: number;
  /** Rows of a picture in pixels, by default 96. */
  readonly height?: number;
  readonly width?: number;
  /** Seed of the towns, 0 by default. */
  readonly seed?: number;
  /** Called after each picture. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The index of the first validation picture. It is so large that longer training sets keep the same validation set. */
export const VAL_START = 1_000_000;

/**
 * Writes `outDir/source` and `outDir/target`. Each has `dataset.json` and, for the splits `train` and `val`,
 * `<split>/images/NNNN.png` and `<split>/labels/NNNN.png` (class ids; 255 is ignored). The target's training labels are
 * written too, but only serve to score. The same options give the same bytes. In the end all files are on the disk.
 *
 * @throws {RangeError} if a count is below 1 or not an integer.
 */
export async function writeTowns(outDir: string, options: WriteTownsOptions = {}): Promise<void> {
  const { trainCount = 240, valCount = 40, height = 96, width = 192, seed = 0, onProgress } = options;
  for (const [name, count] of [["trainCount", trainCount], ["valCount", valCount]] as const) {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`Cannot write the towns: ${name} is ${count}, expected an integer from 1`);
    }
  }
  const palette = townClasses.map(({ color }) => color);
  const total = 2 * (trainCount + valCount);
  let done = 0;
  const written: string[] = [];
  const write = (path: string, bytes: Uint8Array) => {
    writeFileUnsynced(path, bytes);
    written.push(path);
  };
  for (const town of ["source", "target"] as const) {
    const splits = { train: trainCount, val: valCount };
    for (const [split, count] of Object.entries(splits)) {
      const folder = `${outDir}/${town}/${split}`;
      for (let index = 0; index < count; index++) {
        const picture = renderTown(town, index + (split === "val" ? VAL_START : 0), { height, width, seed });
        const name = `${String(index).padStart(4, "0")}.png`;
        write(`${folder}/images/${name}`, encodeRgbPng(picture.pixels, height, width));
        write(`${folder}/labels/${name}`, encodeLabelPng(picture.labels, height, width, palette));
        onProgress?.(++done, total);
        // Signals and the progress bar get their turn.
        await setImmediate();
      }
    }
    await syncFiles(written.splice(0));
    writeFileSafely(`${outDir}/${town}/dataset.json`, description(town, { height, width, seed, splits }));
  }
}

function description(
  town: TownName,
  details: { height: number; width: number; seed: number; splits: Record<string, number> },
): string {
  const content = {
    name: `town-${town}`,
    classes: townClasses.map(({ name }) => name),
    palette: townClasses.map(({ color }) => color),
    ignore: 255,
    ...details,
    source: "Crosswalk's built-in towns, drawn by `crosswalk synth`",
  };
  return `${JSON.stringify(content, null, 1)}\n`;
}
