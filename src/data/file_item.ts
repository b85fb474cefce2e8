/**
 * An image that is a file, and the sample that becomes of its bytes: decode, check, translate, resize. Runs inside the
 * decoding Workers and reads no file itself.
 *
 * @module
 */

import { type LabelTable, translateLabels } from "./class_map.ts";
import { decodeImage, imageHeader } from "./decode.ts";
import { type DecodedLabels, decodeLabels, type LabelRules } from "./labels.ts";
import {
  makeLabelSample,
  makeSample,
  makeScanSample,
  type Sample,
  type SampleLabelMap,
  type SampleOptions,
} from "./sample.ts";
import { decodeScan, decodeScanLabels } from "./scans/read_scan.ts";
import type { ScanSensor } from "./scans/sensor.ts";
import { decodeSoftLabels } from "./soft_label_map.ts";
import { formatSize, type Size } from "./size.ts";

/** One image of a data set. */
export interface FileItem extends LabelRules {
  /**
   * The file name without its ending: the name of everything made from the image. For an image in a folder of its
   * split's folder, that folder stands before it: `aachen/0001`.
   */
  name: string;
  /** Path or URL of the image file. */
  imagePath: string;
  /** Path or URL of the label file; `null` where there is none. */
  labelPath: string | null;
  /** Path or URL of the file of soft labels that go with the labels; absent where there are none. */
  softLabelPath?: string;
  /**
   * Whether the labels were made at another size than the image's, as pseudo-labels are. Then they are resized by
   * themselves. Default `false`.
   */
  labelsResized?: boolean;
  /** The sensor, if the image file is a LiDAR scan. */
  sensor?: ScanSensor;
  /** The token by which the tables of nuScenes know the scan, where there are tables. */
  token?: string;
  /** Other names of the image in lists: the token of its sample in nuScenes. */
  otherNames?: readonly string[];
}

/** The bytes of an item's files. */
export interface FileBytes {
  /** The image file; `null` where only labels are wanted. */
  image: Uint8Array | null;
  /** The label file; `null` where there is none. */
  labels: Uint8Array | null;
  /** The file of soft labels; `null` where there is none. */
  softLabels?: Uint8Array | null;
}

/**
 * Makes a sample of an item from the bytes of its files; the paths of the item only appear in messages.
 *
 * @throws {Error} where a file cannot be read, the two differ in size, or a label id is not one of the data set's.
 */
export async function decodeSample(item: FileItem, bytes: FileBytes, options: SampleOptions): Promise<Sample> {
  if (bytes.image === null) return labelsOnly(item, bytes.labels, options);
  if (item.sensor !== undefined) return scanSample(item, { ...bytes, image: bytes.image }, item.sensor, options);
  const image = await decodeImage(bytes.image, item.imagePath, options);
  if (bytes.labels === null || item.labelPath === null || options.labels === "none") {
    return makeSample(item.name, image, null, options);
  }
  const found = labelsOf(item, bytes.labels, item.labelPath, options);
  if (item.labelsResized !== true) {
    const sizes = { image, labels: found, stored: imageHeader(bytes.image, item.imagePath).stored };
    const problem = sizeProblem(sizes, item.imagePath, item.labelPath);
    if (problem !== null) throw new Error(problem);
  }
  const { softLabels = null } = bytes;
  const soft = softLabels === null
    ? null
    : decodeSoftLabels(softLabels, item.softLabelPath ?? item.name, { maxPixels: options.maxPixels ?? Infinity });
  return makeSample(item.name, image, trainLabels(found, item.labelPath, item.labelTable), options, soft);
}

function scanSample(
  item: FileItem,
  bytes: FileBytes & { readonly image: Uint8Array },
  sensor: ScanSensor,
  options: SampleOptions,
): Sample {
  const image = decodeScan(bytes.image, item.imagePath, sensor, options);
  const labels = bytes.labels === null || item.labelPath === null || options.labels === "none"
    ? null
    : decodeScanLabels(bytes.labels, item.labelPath, item.labelTable, image.height);
  return makeSample(item.name, image, labels, options);
}

function labelsOnly(item: FileItem, bytes: Uint8Array | null, options: SampleOptions): Sample {
  if (bytes === null || item.labelPath === null) throw new Error(`Cannot load labels of ${item.name}: it has none`);
  if (item.sensor !== undefined) {
    const labels = decodeScanLabels(bytes, item.labelPath, item.labelTable, null);
    return makeScanSample(item.name, { height: labels.height, width: 1, pixels: new Float32Array(0) }, labels);
  }
  const found = labelsOf(item, bytes, item.labelPath, options);
  return makeLabelSample(item.name, trainLabels(found, item.labelPath, item.labelTable), options);
}

function labelsOf(item: FileItem, bytes: Uint8Array, path: string, { maxPixels }: SampleOptions): DecodedLabels {
  return decodeLabels(bytes, path, { maxPixels, colours: item.labelColours, idsInRed: item.idsInRed });
}

/** The train ids of the ids in a label file. */
function trainLabels({ height, width, labels }: DecodedLabels, path: string, table: LabelTable): SampleLabelMap {
  return { height, width, labels: translateLabels(labels, width, table, path) };
}

/** The sizes of an image and its labels. */
export interface PairSizes {
  /** The image as it is shown: turned as its EXIF data say. */
  readonly image: Size;
  /** The image as it is stored, before turning. */
  readonly stored: Size;
  /** The labels. */
  readonly labels: Size;
}

/** Why an image and its labels do not belong together, as a sentence; `null` if they have the same size. */
export function sizeProblem({ image, stored, labels }: PairSizes, imagePath: string, labelPath: string): string | null {
  if (isSameSize(image, labels)) return null;
  const found = `The image ${imagePath} is ${formatSize(image)}, its labels ${labelPath} are ${
    formatSize(labels)
  } pixels`;
  if (!isSameSize(stored, labels)) return `${found}. Both must have the same size`;
  return `${found}, as the image is stored: its EXIF data say that it is to be turned, and the labels were made on the ` +
    "picture that was not turned. Turn the labels, or take the orientation out of the image's EXIF data";
}

function isSameSize(a: Size, b: Size): boolean {
  return a.height === b.height && a.width === b.width;
}
