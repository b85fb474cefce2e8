/**
 * What a Worker of the inspection runs. It reads the files of a few images, and tells what their headers say, whether
 * they are whole, which ids their labels hold, and a digest of what they hold.
 *
 * The pixels of images are not decoded, unless that is asked for. Those of labels are: a wrong id is in no header, and
 * label files are small and decode fast.
 *
 * @module
 */

import { translateLabels } from "../data/class_map.ts";
import { type FileItem, sizeProblem } from "../data/file_item.ts";
import { decodeImage } from "../data/decode.ts";
import { decodeLabels } from "../data/labels.ts";
import type { Size } from "../data/size.ts";
import { errorText, type Reason, ReasonedError } from "../errors.ts";
import { answerRequests } from "../data/worker_scope.ts";
import { checkedFile, countedFile } from "./checked_file.ts";
import { fastInflate } from "./fast_inflate.ts";
import { countScanLabels, inspectScan } from "./scan_inspection.ts";
import { type StrayColour, strayColour } from "./stray_colour.ts";

/** Images to look at. */
export interface InspectionWork {
  readonly items: readonly FileItem[];
  /** How many pixels the header of a file may claim. */
  readonly maxPixels: number | undefined;
  /** Whether the pixels of images are decoded too, which finds all damage and takes time. */
  readonly decodes: boolean;
}

/** What was found out about the labels of an image. */
export interface InspectedLabels {
  readonly size: Size;
  readonly digest: string;
  /** The pixels of each of the 256 ids, as the file means them; of a scan the points, of ids as far as its table goes. */
  readonly counts: Uint32Array;
  /** The first id whose colour in the file's palette is not the data set's; `null` if there is none. */
  readonly stray: StrayColour | null;
}

/** Why an image is of no use. */
export interface ImageProblem {
  /** A sentence that names the file. */
  readonly problem: string;
  /** The file: the image's, or its label file where that alone is to blame. */
  readonly file: string;
  /** The image's size, where only its labels are to blame; `null` where the image cannot be read. */
  readonly size: Size | null;
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
  /** Of a scan whose points were read: how many of them the projection drops. */
  readonly droppedPoints?: number | null;
}

answerRequests<InspectionWork, (InspectedItem | ImageProblem)[]>(async ({ items, maxPixels, decodes }) => {
  const found: (InspectedItem | ImageProblem)[] = [];
  for (const item of items) found.push(await inspect(item, maxPixels, decodes));
  return found;
});

async function inspect(
  item: FileItem,
  maxPixels: number | undefined,
  decodes: boolean,
): Promise<InspectedItem | ImageProblem> {
  const { imagePath, labelPath, sensor } = item;
  let file = imagePath;
  let size: Size | null = null;
  try {
    if (sensor !== undefined) {
      const scan = inspectScan(imagePath, sensor, { maxPixels, decodes });
      size = scan.size;
      file = labelPath ?? imagePath;
      const labels = labelPath === null ? null : inspectScanLabels(item, labelPath, size);
      return { size, digest: scan.digest, labels, droppedPoints: scan.dropped };
    }
    const image = checkedFile(imagePath, { maxPixels });
    if (decodes) await decodeImage(image.read(), imagePath, { maxPixels });
    const { height, width } = image.header;
    size = { height, width };
    if (labelPath === null) return { size, digest: image.digest, labels: null };
    file = labelPath;
    const labels = inspectLabels(item, labelPath, maxPixels);
    const sizes = { image: image.header, stored: image.header.stored, labels: labels.size };
    const problem = sizeProblem(sizes, imagePath, labelPath);
    if (problem !== null) return { problem, file: imagePath, size, reason: undefined };
    return { size, digest: image.digest, labels };
  } catch (error) {
    return {
      problem: errorText(error),
      file,
      size,
      reason: error instanceof ReasonedError ? error.reason : undefined,
    };
  }
}

function inspectScanLabels(item: FileItem, path: string, size: Size): InspectedLabels {
  const counts = countScanLabels(item, path, size.height);
  return { size, digest: countedFile(path).digest, counts, stray: null };
}

function inspectLabels(item: FileItem, path: string, maxPixels: number | undefined): InspectedLabels {
  const { digest, read } = checkedFile(path, { maxPixels, labels: true });
  const { labelColours: colours, idsInRed } = item;
  const found = decodeLabels(read(), path, { maxPixels, colours, idsInRed, inflater: fastInflate });
  const { height, width, labels, palette } = found;
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
