/**
 * Cross-City of NTHU: for each of the cities Rome, Rio, Tokyo and Taipei a folder with `Images/Train`, `Images/Test` and
 * `Labels/Test/<name>_eval.png`. The images of `Train` have no labels. The data set is the folder of one city or the one
 * that holds the cities. Where there are lists, `List/train.txt` and `List/test.txt` with a name a line, the images in
 * them count.
 *
 * Two encodings of the labels are in use: the ids of Cityscapes (7, 8, 11, …), as they are distributed, and ids of
 * training, either of the 13 classes (0 to 12) or of Cityscapes' 19. The ids in the files tell them apart.
 *
 * Source: Chen et al., No More Discrimination, ICCV 2017; folders, lists and both encodings: GitHub
 * ZJULearning/MaxSquareLoss, `datasets/crosscity_Dataset.py` and `datasets/NTHU_list`, where labels become the 13 classes
 * either from the ids of Cityscapes or from the 19.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { byteOrder, isFolder, readText, stem, withoutEnding } from "../image_files.ts";
import { labelSet, mapBetween } from "../label_sets.ts";
import { decodeLabels } from "../labels.ts";
import { describedBy, officialLayout, type OfficialPart } from "./official.ts";

/** Cross-City as it is distributed. */
export const crossCity = officialLayout({
  name: "crosscity",
  parts(path) {
    const cities = isCity(path) ? [""] : byteOrder(readdirSync(path)).filter((name) => isCity(join(path, name)));
    const splits = [["train", "Train"], ["test", "Test"]] as const;
    return new Map(splits.flatMap(([split, folder]) => {
      const parts = cities.filter((city) => isFolder(join(path, city, "Images", folder)))
        .map((city) => partOf(join(path, city), split, folder, city === "" ? "" : `${city}/`));
      return parts.length === 0 ? [] : [[split, parts] as const];
    }));
  },
  labels(image) {
    const base = withoutEnding(image);
    return [{ path: `${base}_eval.png`, encoding: "ids" }, { path: `${base}.png`, encoding: "ids" }];
  },
  describe() {
    const toId = mapBetween(labelSet("cityscapes-19"), labelSet("cityscapes-13")).toId;
    const train19 = { ids: new Map([...toId.map((target, id) => [id, target] as const), [255, 255]]) };
    return describedBy("crosscity", "cityscapes-13", { ids: "cityscapes", train13: "train", train19 });
  },
});

function isCity(path: string): boolean {
  return isFolder(join(path, "Images", "Train")) || isFolder(join(path, "Images", "Test"));
}

function partOf(path: string, split: string, folder: string, prefix: string): OfficialPart {
  const list = join(path, "List", `${split}.txt`);
  const names = existsSync(list) ? new Set(readText(list).split(/\s+/).filter((line) => line !== "").map(stem)) : null;
  return {
    images: join(path, "Images", folder),
    labels: join(path, "Labels", folder),
    prefix,
    isImage: (image) => names === null || names.has(stem(image)),
    encodingOf: encodingOfIds,
  };
}

/** Label files that are looked at to tell the encoding. */
const lookedAt = 4;

/**
 * The encoding of label files by the ids in some of them. Ids above 18 are those of Cityscapes: vegetation, sky and cars
 * have such. 3, 4, 5 and 9 are none of the 13 classes among the 19.
 */
function encodingOfIds(paths: readonly string[]): string {
  const step = Math.ceil(paths.length / lookedAt);
  const ids = new Set<number>();
  for (const path of paths.filter((_, index) => index % step === 0)) {
    for (const id of labelsIn(path)) ids.add(id);
  }
  if ([...ids].some((id) => id > 18 && id < 255)) return "ids";
  if ([3, 4, 5, 9].some((id) => ids.has(id))) return "train13";
  return ids.has(0) || ids.has(255) ? "train19" : "ids";
}

/** The ids of a label file; none where it cannot be read, which is told where it is used. */
function labelsIn(path: string): Set<number> {
  try {
    return new Set(decodeLabels(readFileSync(path), path).labels);
  } catch {
    return new Set();
  }
}
