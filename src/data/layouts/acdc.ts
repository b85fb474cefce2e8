/**
 * ACDC: `rgb_anon/<condition>/<split>/<sequence>/<name>_rgb_anon.png` with
 * `gt/<condition>/<split>/<sequence>/<name>_gt_labelIds.png` (the ids of Cityscapes) or `…_gt_labelTrainIds.png`.
 * Conditions are fog, night, rain and snow; a split holds all of them, and their names begin its images' names, so that
 * a list can choose. `train_ref`, `val_ref` and `test_ref` are the same places in good weather, without labels. The
 * archives may be unpacked each in its own folder, `rgb_anon_trainvaltest` and `gt_trainval`.
 *
 * Source: Sakaridis et al., ICCV 2021; the names of files: GitHub lhoyer/HRDA, `mmseg/datasets/acdc.py`.
 *
 * @module
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { byteOrder, isFolder, withoutEnding } from "../image_files.ts";
import { describedBy, folderIn, officialLayout, type OfficialPart } from "./official.ts";

const splits = ["train", "val", "test", "train_ref", "val_ref", "test_ref"];

/** ACDC. */
export const acdc = officialLayout({
  name: "acdc",
  parts(path) {
    const images = folderIn(path, "rgb_anon", "rgb_anon_trainvaltest/rgb_anon");
    if (images === null) return new Map();
    const labels = folderIn(path, "gt", "gt_trainval/gt") ?? join(path, "gt");
    const conditions = byteOrder(readdirSync(images)).filter((name) => isFolder(join(images, name)));
    return new Map(splits.flatMap((split): [string, OfficialPart[]][] => {
      const parts = conditions.map((condition) => ({
        images: join(images, condition, split),
        labels: join(labels, condition, split),
        prefix: `${condition}/`,
      })).filter((part) => isFolder(part.images));
      return parts.length === 0 ? [] : [[split, parts]];
    }));
  },
  isImage: (image) => /_rgb(_ref)?_anon$/.test(withoutEnding(image)),
  labels(image) {
    const base = withoutEnding(image).replace(/_rgb(_ref)?_anon$/, "");
    return [
      { path: `${base}_gt_labelIds.png`, encoding: "ids" },
      { path: `${base}_gt_labelTrainIds.png`, encoding: "train" },
    ];
  },
  describe: () => describedBy("acdc", "cityscapes-19", { ids: "cityscapes", train: "train" }),
});
