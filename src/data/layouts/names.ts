/**
 * The names of the layouts that are known, for options and messages. What each one is stands in the file of its name
 * beside this one.
 *
 * @module
 */

/**
 * Every layout: official data sets by their names, `list` for lists of images with their labels, `folders` for a
 * folder with `dataset.json`, `photos` for a folder of images that says nothing of classes, `scans` for such
 * a folder of LiDAR scans.
 */
export const layoutNames = [
  "cityscapes",
  "gta5",
  "synthia",
  "synthia-seqs",
  "crosscity",
  "camvid",
  "idd",
  "idd-lite",
  "bdd100k",
  "acdc",
  "semantickitti",
  "scribblekitti",
  "nuscenes",
  "list",
  "folders",
  "photos",
  "scans",
] as const;

/** The name of a layout. */
export type LayoutName = typeof layoutNames[number];
