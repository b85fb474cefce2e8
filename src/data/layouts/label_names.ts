/**
 * Which label file belongs to an image. It has the image's name, or that name with a usual suffix.
 *
 * @module
 */

import { withoutEnding } from "../image_files.ts";

/**
 * What may stand at the end of a label file's name, in the order of preference: nothing, or what Cityscapes, CamVid and
 * tools for labelling append. Supervisely keeps the image's ending: `0001.jpg.png`.
 */
export const labelSuffixes: readonly string[] = [
  "",
  "_gtFine_labelTrainIds",
  "_gtFine_labelIds",
  "_gtCoarse_labelIds",
  "_labelTrainIds",
  "_labelIds",
  "_trainIds",
  "_label",
  "_labels",
  "_mask",
  "_masks",
  "_gt",
  "_seg",
  "_segmentation",
  "_L",
  "-mask",
  "-label",
];

/** What may stand at the end of an image's name and be missing in its label file's. */
export const imageSuffixes: readonly string[] = ["_leftImg8bit", "_image", "_img", "_rgb", "_photo", "_sat"];

/** Finds the label file of an image by the image's path. All paths begin at the folders of images and of labels. */
export type LabelFinder = (imagePath: string) => string | null;

/** A finder among the label files of a split. */
export function labelFinder(labelPaths: readonly string[]): LabelFinder {
  const byName = new Map(labelPaths.filter(isLabelName).map((path) => [withoutEnding(path), path]));
  return (imagePath) => {
    for (const name of labelNames(imagePath)) {
      const found = byName.get(name);
      if (found !== undefined) return found;
    }
    return null;
  };
}

/** Whether a file may hold labels, by its ending. */
export function isLabelName(path: string): boolean {
  return /\.png$/i.test(path);
}

/** The names, without ending, that the label file of an image may have. The likeliest comes first. */
function* labelNames(imagePath: string): Generator<string> {
  const name = withoutEnding(imagePath);
  const suffix = imageSuffixes.find((ending) => name.endsWith(ending));
  const bases = suffix === undefined ? [name] : [name, name.slice(0, -suffix.length)];
  for (const base of bases) {
    for (const ending of labelSuffixes) yield `${base}${ending}`;
  }
  yield imagePath;
}
