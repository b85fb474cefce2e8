/**
 * The Indian Driving Dataset. Sequences have numbers, where Cityscapes has names of cities.
 *
 * - IDD (full, parts I and II): `leftImg8bit/<split>/<sequence>/<frame>_leftImg8bit.png` or `.jpg`, with polygons in
 *   `gtFine`. The official script makes label files of them, of one kind or several: `…_gtFine_labellevel3Ids.png` (26
 *   classes), `…_labelids.png` (40 ids, which become these 26), `…_labelcsTrainIds.png` and `…_labelcsIds.png`
 *   (Cityscapes' classes), `…_labellevel1Ids.png` (7 classes). The first kind of these that is there is read.
 * - IDD-Lite: `leftImg8bit/<split>/<sequence>/<frame>_image.jpg` with `gtFine/…/<frame>_label.png`: 7 classes, 255 ignored.
 *   `<frame>_inst_label.png` holds instances and is not read.
 *
 * Source: Varma et al., WACV 2019; Mishra et al., NCVPRIPG 2019; names and ids of label files: GitHub AutoNUE/public-code,
 * `preperation/createLabels.py` and `helpers/anue_labels.py`.
 *
 * @module
 */

import { filesUnder, isFolder, withoutEnding } from "../image_files.ts";
import { isNumbered, leftImageParts } from "./cityscapes.ts";
import { describedBy, officialLayout, withoutSuffix } from "./official.ts";

/** Kinds of label files: how their names end, the label set, and the encoding in it. */
const kinds = [
  { ending: "_gtFine_labellevel3Ids.png", set: "idd-26", encoding: "train" },
  { ending: "_gtFine_labelids.png", set: "idd-26", encoding: "idd" },
  { ending: "_gtFine_labelcsTrainIds.png", set: "cityscapes-19", encoding: "train" },
  { ending: "_gtFine_labelcsIds.png", set: "cityscapes-19", encoding: "cityscapes" },
  { ending: "_gtFine_labellevel1Ids.png", set: "idd-7", encoding: "train" },
] as const;

/** IDD in full. */
export const idd = officialLayout({
  name: "idd",
  parts: leftImageParts,
  recognises: (_, parts) => isNumbered(parts),
  isImage: (image) => withoutEnding(image).endsWith("_leftImg8bit"),
  labels(image) {
    const base = withoutSuffix(withoutEnding(image), "_leftImg8bit");
    return kinds.map(({ ending }) => ({ path: `${base}${ending}`, encoding: ending }));
  },
  describe(path) {
    const folders = [...leftImageParts(path).values()].flat().map(({ labels }) => labels).filter(isFolder);
    const files = folders.flatMap((folder) => filesUnder(folder));
    const found = kinds.find(({ ending }) => files.some((file) => file.endsWith(ending))) ?? kinds[0];
    const ofSet = kinds.filter(({ set }) => set === found.set);
    return describedBy("idd", found.set, Object.fromEntries(ofSet.map(({ ending, encoding }) => [ending, encoding])));
  },
  unmatched: (labels) =>
    `No file in ${labels} holds labels: make them of the polygons with the official script ` +
    "(AutoNUE/public-code, preperation/createLabels.py), such as ending in _gtFine_labellevel3Ids.png",
});

/** IDD-Lite. */
export const iddLite = officialLayout({
  name: "idd-lite",
  parts: leftImageParts,
  isImage: (image) => withoutEnding(image).endsWith("_image"),
  labels: (image) => [{ path: `${withoutSuffix(withoutEnding(image), "_image")}_label.png`, encoding: "train" }],
  describe: () => describedBy("idd-lite", "idd-7", { train: "train" }),
});
