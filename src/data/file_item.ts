/**
 * An image that is a file, and the sample that becomes of its bytes: decode, check, translate, resize. Runs inside the
 * decoding Workers and reads no file itself.
 *
 * @module
 */

import { type LabelTable, translateLabels } from "./class_map.ts";
import { type DecodedLabels, decodeImage, decodeLabels } from "./decode.ts";
import { makeLabelSample, makeSample, type Sample, type SampleLabelMap, type SampleOptions } from "./sample.ts";
import { formatSize, type Size } from "./size.ts";

/** One image of a data set. */
export interface FileItem {
  /** The file name without its ending: the name of everything made from the image. */
  name: string;
  /** Path or URL of the image file. */
  imagePath: string;
  /** Path or URL of the label file; `null` where there is none. */
  labelPath: string | null;
  /** What the ids of the label file become. */
  labelTable: LabelTable;
  /**
   * Whether the labels were made at another size than the image's, as pseudo-labels are. Then they are resized by
   * themselves. Default `false`.
   */
  labelsResized?: boolean;
}

/** The bytes of an item's files. */
export interface FileBytes {
  /** The image file; `null` where only labels are wanted. */
  image: Uint8Array | null;
  /** The label file; `null` where there is none. */
  labels: Uint8Array | null;
}

/**
 * Makes a sample of an item from the bytes of its files; the paths of the item only appear in messages.
 *
 * @throws {Error} where a file cannot be read, the two differ in size, or a label id is not one of the data set's.
 */
export async function decodeSample(item: FileItem, bytes: FileBytes, options: SampleOptions): Promise<Sample> {
  if (bytes.image === null) return labelsOnly(item, bytes.labels, options);
  const image = await decodeImage(bytes.image, item.imagePath, options);
  if (bytes.labels === null || item.labelPath === null || options.labels === "none") {
    return makeSample(item.name, image, null, options);
  }
  const found = decodeLabels(bytes.labels, item.labelPath, options);
  if (item.labelsResized !== true) requireSameSize(image, found, item.imagePath, item.labelPath);
  return makeSample(item.name, image, trainLabels(found, item.labelPath, item.labelTable), options);
}

function labelsOnly(item: FileItem, bytes: Uint8Array | null, options: SampleOptions): Sample {
  if (bytes === null || item.labelPath === null) throw new Error(`Cannot load labels of ${item.name}: it has none`);
  const found = decodeLabels(bytes, item.labelPath, options);
  return makeLabelSample(item.name, trainLabels(found, item.labelPath, item.labelTable), options);
}

/** The train ids of the ids in a label file. */
function trainLabels({ height, width, labels }: DecodedLabels, path: string, table: LabelTable): SampleLabelMap {
  return { height, width, labels: translateLabels(labels, width, table, path) };
}

function requireSameSize(image: Size, labels: Size, imagePath: string, labelPath: string): void {
  if (image.height === labels.height && image.width === labels.width) return;
  throw new Error(
    `The image ${imagePath} is ${formatSize(image)}, its labels ${labelPath} are ${formatSize(labels)} pixels. ` +
      "Both must have the same size",
  );
}
