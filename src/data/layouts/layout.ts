/**
 * How the files of a data set lie in its folder. Each layout is one file beside this one; `folder.ts` lists them.
 *
 * @module
 */

import type { DatasetDescription } from "../dataset.ts";
import type { FileItem } from "../file_item.ts";
import type { LabelRules } from "../labels.ts";

/** The images of a split. */
export interface ListedItems {
  /** In byte order of their names; never empty. */
  readonly items: FileItem[];
  /** Sentences on what was found in the split's folders and is not used. */
  readonly notices: string[];
}

/** A layout. Every function takes the folder of the data set first. */
export interface Layout {
  /** Whether the folder looks like one of this layout. */
  recognises(path: string): boolean;
  /** Classes, colours and ignored id; `null` if the folder does not say them. Throws where they cannot be read. */
  describe(path: string): DatasetDescription | null;
  /** The names of all splits. */
  splitNames(path: string): string[];
  /** The images of a split; throws where there is no such split or it has no image. */
  items(path: string, split: string, rules: LabelRules): ListedItems;
  /** Where the label file of an image belongs. */
  labelPath(path: string, split: string, imageName: string): string;
}
