/**
 * How the files of a data set lie in its folder. Each layout is one file beside this one; `folder.ts` lists them.
 *
 * @module
 */

import type { LabelTable } from "../class_map.ts";
import type { DatasetDescription } from "../dataset.ts";
import type { FileItem } from "../file_item.ts";

/** A layout. Every function takes the folder of the data set first. */
export interface Layout {
  /** Whether the folder looks like one of this layout. */
  recognises(path: string): boolean;
  /** Classes, colours and ignored id; throws where they cannot be read. */
  describe(path: string): DatasetDescription;
  /** The names of all splits. */
  splitNames(path: string): string[];
  /** The images of a split in byte order of their names; throws where there is no such split or it has no image. */
  items(path: string, split: string, table: LabelTable): FileItem[];
  /** Where the label file of an image belongs. */
  labelPath(path: string, split: string, imageName: string): string;
}
