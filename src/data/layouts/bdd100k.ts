/**
 * BDD100K's segmentation data in two forms. Labels hold the ids of Cityscapes' 19 classes; 255 is ignored. `test` has none.
 *
 * - Now: `images/10k/<split>/<name>.jpg` with `labels/sem_seg/masks/<split>/<name>.png`.
 * - Before 2020: `seg/images/<split>/<name>.jpg` with `seg/labels/<split>/<name>_train_id.png`.
 *
 * Both may lie in a folder `bdd100k` of the one that is given. The other images, `images/100k`, have no such labels.
 *
 * Source: Yu et al., CVPR 2020; the present form: GitHub open-mmlab/mmsegmentation, `configs/_base_/datasets/bdd100k.py`
 * and `mmseg/datasets/bdd100k.py`; the earlier one: GitHub SysCV/CISS, `mmseg/datasets/bdd100k.py`.
 *
 * @module
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { withoutEnding } from "../image_files.ts";
import { describedBy, folderIn, officialLayout, splitsIn } from "./official.ts";

/** BDD100K. */
export const bdd100k = officialLayout({
  name: "bdd100k",
  parts(path) {
    const roots = [path, join(path, "bdd100k")];
    const forms = [["images/10k", "labels/sem_seg/masks"], ["seg/images", "seg/labels"]] as const;
    for (const root of roots) {
      for (const [imageFolder, labelFolder] of forms) {
        const images = folderIn(root, imageFolder);
        if (images === null) continue;
        const splits = splitsIn(images, readdirSync(images));
        return new Map(
          splits.map((split) => [split, [{ images: join(images, split), labels: join(root, labelFolder, split) }]]),
        );
      }
    }
    return new Map();
  },
  labels(image) {
    const base = withoutEnding(image);
    return [{ path: `${base}.png`, encoding: "train" }, { path: `${base}_train_id.png`, encoding: "train" }];
  },
  describe: () => describedBy("bdd100k", "cityscapes-19", { train: "train" }),
});
