/**
 * The names of the built-in label sets. They stand in a file of their own, since options name them.
 *
 * @module
 */

/** The names of the built-in label sets. */
export const labelSetNames = [
  "cityscapes-19",
  "cityscapes-16",
  "cityscapes-13",
  "camvid-11",
  "idd-26",
  "idd-7",
  "semantickitti-19",
  "nuscenes-16",
] as const;

/** A built-in label set. */
export type LabelSetName = typeof labelSetNames[number];

/** Whether a text is the name of a built-in label set. */
export function isLabelSetName(text: string): text is LabelSetName {
  return labelSetNames.some((name) => name === text);
}
