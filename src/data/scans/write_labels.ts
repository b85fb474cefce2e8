/**
 * Files of labels of LiDAR scans: a number for each point, in the scan's order. `.label` files hold uint32, as
 * SemanticKITTI's; `_lidarseg.bin` files uint8, as nuScenes'. Both hold the raw ids of the label set, 0 where a point
 * has no class.
 *
 * @module
 */

import { IGNORE_LABEL } from "../class_map.ts";
import { recognised } from "../label_sets.ts";
import { scanLabelForm } from "./read_scan.ts";

/** The raw id of each of the 256 train ids; 0 for those that are no class. */
export type RawIdsOfClasses = Uint16Array<ArrayBuffer>;

/**
 * The raw ids that stand for classes in label files. A class of SemanticKITTI or nuScenes takes the first of its ids
 * there. Of other lists of classes, the raw id is the class's place in the list, from 1.
 */
export function rawIdsOfClasses(classes: readonly string[]): RawIdsOfClasses {
  const set = recognised(classes);
  const ids = set?.ids.get("semantickitti") ?? set?.ids.get("nuscenes");
  const result = new Uint16Array(256);
  for (let id = 0; id < classes.length; id++) result[id] = id + 1;
  if (ids === undefined) return result;
  result.fill(0);
  for (const [raw, id] of ids) {
    if (id !== IGNORE_LABEL && result[id] === 0) result[id] = raw;
  }
  return result;
}

/**
 * The bytes of a label file.
 *
 * @param labels the train id of each point; 255 = ignored.
 * @param path the file; its name tells the form.
 * @throws {RangeError} where the form has no room for an id.
 */
export function encodeScanLabels(labels: Uint8Array, rawIds: RawIdsOfClasses, path: string): Uint8Array<ArrayBuffer> {
  const isByte = scanLabelForm(path).bytes === 1;
  const largest = rawIds.reduce((most, id) => Math.max(most, id), 0);
  if (isByte && largest > 255) {
    throw new RangeError(`Cannot write the labels ${path}: its labels are bytes, and a class has the id ${largest}`);
  }
  if (isByte) return Uint8Array.from(labels, (label) => rawIds[label] ?? 0);
  const bytes = new Uint8Array(4 * labels.length);
  for (let point = 0; point < labels.length; point++) {
    const id = rawIds[labels[point] ?? IGNORE_LABEL] ?? 0;
    bytes[4 * point] = id & 255;
    bytes[4 * point + 1] = id >> 8;
  }
  return bytes;
}

/**
 * What raw ids of label files that {@link encodeScanLabels} wrote become, when they are read again.
 */
export function tableOfRawIds(classes: readonly string[]): Int16Array {
  const rawIds = rawIdsOfClasses(classes);
  const table = new Int16Array(Math.max(256, ...rawIds.map((id) => id + 1))).fill(-1);
  for (let id = 0; id < classes.length; id++) table[rawIds[id] ?? 0] = id;
  table[0] = IGNORE_LABEL;
  return table;
}

/** What is known of a scan that is to be labelled. */
export interface LabelledScan {
  /** Its name: what its labels are called where nothing else is known. */
  readonly name: string;
  /** Its file. */
  readonly imagePath: string;
  /** Its token in the tables of nuScenes. */
  readonly token?: string;
}

/**
 * Where the labels of a scan are written, from the folder of all of them: `sequences/NN/predictions/F.label` for
 * `sequences/NN/velodyne/F.bin`, `<token>_lidarseg.bin` for scans of nuScenes, with the name of the file where its token is
 * not known, and `<name>.label` for others.
 */
export function scanLabelPath({ name, imagePath, token }: LabelledScan): string {
  const place = /(?:^|\/)sequences\/([^/]+)\/velodyne\/([^/]+?)(?:\.pcd)?\.bin$/i.exec(imagePath.replaceAll("\\", "/"));
  if (place !== null) return `sequences/${place[1]}/predictions/${place[2]}.label`;
  if (token !== undefined) return `${token}_lidarseg.bin`;
  return /\.pcd\.bin$/i.test(imagePath) ? `${name}_lidarseg.bin` : `${name}.label`;
}
