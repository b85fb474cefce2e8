/**
 * How the files of a data set lie in its folder. Each layout is one file beside this one; `folder.ts` lists them.
 *
 * @module
 */

import type { DatasetDescription } from "../dataset.ts";
import type { ScanSensor } from "../scans/sensor.ts";
import type { LayoutName } from "./names.ts";

/** An image as a layout lists it: without what its labels mean. */
export interface ListedItem {
  /** Its name, as `FileItem` has it. */
  readonly name: string;
  /** The image file. */
  readonly imagePath: string;
  /** The label file; `null` where there is none. */
  readonly labelPath: string | null;
  /** Which of the description's encodings the label file has. Default: it holds the ids of the classes. */
  readonly encoding?: string;
  /** The sensor, if the image file is a LiDAR scan. */
  readonly sensor?: ScanSensor;
  /** The token by which the tables of nuScenes know the scan, where there are tables. */
  readonly token?: string;
  /** Other names of the image in lists: the token of its sample in nuScenes. */
  readonly otherNames?: readonly string[];
}

/** The images of a split. */
export interface ListedItems<Item = ListedItem> {
  /** In byte order of their names; never empty. */
  readonly items: Item[];
  /** Sentences on what was found in the split's folders and is not used. */
  readonly notices: string[];
}

/** A layout. Every function takes the folder of the data set first. */
export interface Layout {
  readonly name: LayoutName;
  /** Whether the folder may be read in this layout, if it is asked for. Default: as `recognises`. */
  fits?(path: string): boolean;
  /** Whether the folder looks like one of this layout. */
  recognises(path: string): boolean;
  /** Classes, colours and ignored id; `null` if the folder does not say them. Throws where they cannot be read. */
  describe(path: string): DatasetDescription | null;
  /** The names of all splits. */
  splitNames(path: string): string[];
  /** The images of a split; throws where there is no such split or it has no image. */
  items(path: string, split: string): ListedItems;
  /** Where the label file of an image belongs. */
  labelPath(path: string, split: string, imageName: string): string;
}
