/**
 * SYNTHIA. Labels are PNG files of 16 bits and three channels, whose red channel holds the class and whose green one
 * holds the instance. All images are the split `train`.
 *
 * - SYNTHIA-RAND-CITYSCAPES: `RGB/0000000.png` to `0009399.png` with `GT/LABELS/` of the same names. Files of 8 bits that
 *   users make of them, as the released code of CBST wants them, lie in `GT/labels`.
 * - SYNTHIA-SEQS: folders `SYNTHIA-SEQS-01-SUMMER` with `RGB/Stereo_Left/Omni_F/000000.png` and
 *   `GT/LABELS/Stereo_Left/Omni_F/000000.png`. Its id 12 is a lane marking, which is a motorcycle in the other one.
 *
 * Source: Ros et al., CVPR 2016; the ids of SEQS: GitHub TWJianNuo/Synthia_3D_scenen_reconstruction.
 *
 * @module
 */

import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { byteOrder, isFolder } from "../image_files.ts";
import { labelSet } from "../label_sets.ts";
import { describedBy, folderIn, idsOf, officialLayout, type OfficialPart } from "./official.ts";

/** SYNTHIA-RAND-CITYSCAPES. */
export const synthia = officialLayout({
  name: "synthia",
  parts(path) {
    const root = [path, join(path, "RAND_CITYSCAPES")].find((folder) => isFolder(join(folder, "RGB")));
    if (root === undefined || isFolder(join(root, "RGB", "Stereo_Left"))) return new Map();
    // Where names know no capitals, both are one folder.
    const labels = folderIn(root, "GT/LABELS", "GT/labels") ?? join(root, "GT/LABELS");
    return isFolder(join(root, "GT")) ? new Map([["train", [{ images: join(root, "RGB"), labels }]]]) : new Map();
  },
  isImage: (image) => !image.includes("/"),
  labels: (image) => [{ path: image.replace(/\.[^.]*$/, ".png"), encoding: "ids" }],
  describe: () => describedBy("synthia", "cityscapes-16", { ids: inRed("synthia") }),
});

/** SYNTHIA-SEQS: one sequence, or a folder of sequences. */
export const synthiaSeqs = officialLayout({
  name: "synthia-seqs",
  parts(path) {
    const parts = isSequence(path) ? [partOf(path, "")] : byteOrder(readdirSync(path))
      .filter((name) => /^SYNTHIA-SEQS-/i.test(name) && isSequence(join(path, name)))
      .map((name) => partOf(join(path, name), `${name}/`));
    return parts.length === 0 ? new Map() : new Map([["train", parts]]);
  },
  labels: (image) => [{ path: image.replace(/\.[^.]*$/, ".png"), encoding: "ids" }],
  describe: () => describedBy("synthia-seqs", "cityscapes-16", { ids: inRed("synthia-seqs") }),
});

function inRed(encoding: string) {
  return { ids: idsOf(labelSet("cityscapes-16"), encoding), idsInRed: true };
}

function isSequence(path: string): boolean {
  const images = join(path, "RGB");
  return isFolder(images) && readdirSync(images).some((name) => /^Stereo_(Left|Right)$/.test(basename(name)));
}

function partOf(path: string, prefix: string): OfficialPart {
  return { images: join(path, "RGB"), labels: join(path, "GT/LABELS"), prefix };
}
