/**
 * Cityscapes: `leftImg8bit/<split>/<city>/<name>_leftImg8bit.png` with
 * `gtFine/<split>/<city>/<name>_gtFine_labelIds.png`. Labels are ids from 0 to 33; those that the official script
 * `createTrainIdLabelImgs` makes, `…_labelTrainIds.png`, are read where these are missing. The coarse labels of
 * `train_extra` lie in `gtCoarse`. The archives may be unpacked side by side in one folder, or each in its own
 * (`leftImg8bit_trainvaltest`, `gtFine_trainvaltest`). The labels of `test` hold ignored ids only.
 *
 * Source: Cordts et al., CVPR 2016; GitHub mcordts/cityscapesScripts.
 *
 * @module
 */

import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { listImages, withoutEnding } from "../image_files.ts";
import { describedBy, folderIn, officialLayout, type OfficialPart, splitsIn, withoutSuffix } from "./official.ts";

/** Cityscapes as it is distributed. */
export const cityscapes = officialLayout({
  name: "cityscapes",
  parts: leftImageParts,
  recognises: (_, parts) => !isNumbered(parts),
  isImage: (image) => image.includes("/") && withoutEnding(image).endsWith("_leftImg8bit"),
  labels(image) {
    const base = withoutSuffix(withoutEnding(image), "_leftImg8bit");
    return [
      { path: `${base}_gtFine_labelIds.png`, encoding: "ids" },
      { path: `${base}_gtCoarse_labelIds.png`, encoding: "ids" },
      { path: `${base}_gtFine_labelTrainIds.png`, encoding: "train" },
      { path: `${base}_gtCoarse_labelTrainIds.png`, encoding: "train" },
    ];
  },
  describe: () => describedBy("cityscapes", "cityscapes-19", { ids: "cityscapes", train: "train" }),
});

/** The folders of images and labels that Cityscapes and IDD have alike. */
export function leftImageParts(path: string): Map<string, OfficialPart[]> {
  const images = folderIn(path, "leftImg8bit", "leftImg8bit_trainvaltest/leftImg8bit");
  if (images === null) return new Map();
  return new Map(
    splitsIn(images, readdirSync(images)).map((split) => {
      const labels = folderIn(
        path,
        ...["gtFine", "gtFine_trainvaltest/gtFine", "gtCoarse"].map((name) => join(name, split)),
      );
      return [split, [{ images: join(images, split), labels: labels ?? join(path, "gtFine", split) }]];
    }),
  );
}

/** Whether the folders of sequences are numbers, as in IDD, and not the names of cities. */
export function isNumbered(parts: ReadonlyMap<string, readonly OfficialPart[]>): boolean {
  const [first] = [...parts.values()].flat();
  const [image] = first === undefined ? [] : listImages(first.images).images;
  return image !== undefined && /^\d+$/.test(basename(dirname(image)));
}
