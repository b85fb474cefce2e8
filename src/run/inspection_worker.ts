/**
 * What a Worker of the inspection runs. It reads the files of a few images, and tells what their headers say, whether
 * they are whole, which ids their labels hold, and a digest of what they hold.
 *
 * The pixels of images are not decoded. Those of labels are: a wrong id is in no header, and label files are small and
 * decode fast.
 *
 * @module
 */

import { translateLabels } from "../data/class_map.ts";
import { type FileItem, sizeProblem } from "../data/file_item.ts";
import { decodeLabels } from "../data/labels.ts";
import type { Size } from "../data/size.ts";
import { errorText, type Reason, ReasonedError } from "../errors.ts";
import { answerRequests } from "../data/worker_scope.ts";
import { type CheckedFile, checkedFile } from "./checked_file.ts";
import { fastInflate } from "./fast_inflate.ts";
import { type StrayColour, strayColour } from "./stray_colour.ts";

/** Images to look at. */
export interface InspectionWork {
  readonly items: readonly FileItem[];
  /** How many pixels the header of a file may claim. */
  readonly maxPixels: number | undefined;
}

/** What was found out about the labels of an image. */
export interface InspectedLabels {
  readonly size: Size;
  readonly digest: string;
  /** The pixels of each of the 256 ids, as the file means them. */
  readonly counts: Uint32Array;
  /** The first id whose colour in the file's palette is not the data set's; `null` if there is none. */
  readonly stray: StrayColour | null;
}

/** Why an image is of no use. */
export interface ImageProblem {
  /** A sentence that names the file. */
  readonly problem: string;
  /** What it is about, if something can be done. */
  readonly reason: Reason | undefined;
}

/** What was found out about an image that can be used. */
export interface InspectedItem {
  /** Its size after turning. */
  readonly size: Size;
  readonly digest: string;
  /** `null` if it has no labels. */
  readonly labels: InspectedLabels | null;
}

answerRequests<InspectionWork, (InspectedItem | ImageProblem)[]>(({ items, maxPixels }) =>
  items.map((item) => inspect(item, maxPixels))
);

function inspect(item: FileItem, maxPixels: number | undefined): InspectedItem | ImageProblem {
  try {
    const image = checkedFile(item.imagePath, { maxPixels });
    const { height, width } = image.header;
    const labels = item.labelPath === null ? null : inspectLabels(item, item.labelPath, image, maxPixels);
    return { size: { height, width }, digest: image.digest, labels };
  } catch (error) {
    return {
      problem: errorText(error),
      reason: error instanceof ReasonedError ? error.reason : undefined,
    };
  }
}

function inspectLabels(
  item: FileItem,
  path: string,
  image: CheckedFile,
  maxPixels: number | undefined,
): InspectedLabels {
  const { digest, read } = checkedFile(path, { maxPixels, labels: true });
  const { labelColours: colours, idsInRed } = item;
  const found = decodeLabels(read(), path, { maxPixels, colours, idsInRed, inflater: fastInflate });
  const { height, width, labels, palette } = found;
  const problem = sizeProblem(
    { image: image.header, stored: image.header.stored, labels: found },
    item.imagePath,
    path,
  );
  if (problem !== null) throw new Error(problem);
  const counts = new Uint32Array(256);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const id = labels[pixel] ?? 0;
    counts[id] = (counts[id] ?? 0) + 1;
  }
  const isWrong = counts.some((count, id) => count > 0 && (item.labelTable[id] ?? -1) < 0);
  // It throws the sentence that names the id and its pixel.
  if (isWrong) translateLabels(labels, width, item.labelTable, path);
  return { size: { height, width }, digest, counts, stray: strayColour(counts, palette, item.labelColours) };
}
