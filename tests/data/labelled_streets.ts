/**
 * Streets of the built-in towns, labelled in the classes of a label set.
 *
 * @module
 */

import { join } from "node:path";
import { IGNORE_LABEL } from "../../src/data/class_map.ts";
import { encodeLabelPng, encodeRgbPng } from "../../src/data/encode.ts";
import { labelSet, mapBetween } from "../../src/data/label_sets.ts";
import { renderTown, townClasses, type TownName } from "../../src/town/town.ts";
import { write } from "./pictures.ts";

/**
 * Writes a data set with streets in its splits `train` and `val`.
 *
 * @param set name of the label set of its classes, which stand in `dataset.json`.
 */
export function writeLabelledStreets(
  folder: string,
  set: string,
  { town = "source", count = 1, height = 32, width = 64 }: {
    readonly town?: TownName;
    readonly count?: number;
    readonly height?: number;
    readonly width?: number;
  } = {},
): void {
  const { classes, palette } = labelSet(set);
  write(join(folder, "dataset.json"), JSON.stringify({ name: `streets in ${set}`, classes, palette }));
  const cityscapes = mapBetween({ classes: townClasses.map(({ name }) => name) }, labelSet("cityscapes-19"));
  const coarse = mapBetween(labelSet("cityscapes-19"), labelSet(set));
  for (const [part, split] of ["train", "val"].entries()) {
    for (let index = 0; index < count; index++) {
      const { pixels, labels } = renderTown(town, part * count + index, { height, width, seed: 1 });
      const ids = labels.map((id) => coarse.toId[cityscapes.toId[id] ?? IGNORE_LABEL] ?? IGNORE_LABEL);
      write(join(folder, split, "images", `${index}.png`), encodeRgbPng(pixels, height, width));
      write(join(folder, split, "labels", `${index}.png`), encodeLabelPng(ids, height, width));
    }
  }
}
