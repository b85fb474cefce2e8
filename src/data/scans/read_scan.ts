/**
 * LiDAR scans and their labels, from the bytes of their files. A scan is rows of float32, little endian: x, y, z and
 * intensity of each point, in files of nuScenes the ring too. Labels are a number for each point, in the scan's order.
 * Their files have no header, so a file's name tells what it holds, and its length whether it is whole.
 *
 * @module
 */

import { IGNORE_LABEL, type LabelTable } from "../class_map.ts";
import type { PixelImage, SampleLabelMap } from "../sample.ts";
import { kittiSensor, nuscenesSensor, type ScanSensor } from "./sensor.ts";

/** Whether a file is a scan by its name: `.bin`, but not `_lidarseg.bin`, which are labels. */
export function isScanName(name: string): boolean {
  return /\.bin$/i.test(name) && !/_lidarseg\.bin$/i.test(name);
}

/** The numbers of a point in a scan's file: 5 in `.pcd.bin`, as nuScenes has them, else 4. */
export function scanRowLength(path: string): 4 | 5 {
  return isPcdBin(path) ? 5 : 4;
}

/** The sensor of a scan of which no more is known than its name: that of nuScenes for `.pcd.bin`, else that of KITTI. */
export function sensorOfName(path: string): ScanSensor {
  return isPcdBin(path) ? nuscenesSensor : kittiSensor;
}

function isPcdBin(path: string): boolean {
  return /\.pcd\.bin$/i.test(path);
}

/** A scan's file name without `.bin` or `.pcd.bin`. */
export function withoutScanEnding(name: string): string {
  return name.replace(/(\.pcd)?\.bin$/i, "");
}

/** How a scan is read. */
export interface ScanLimits {
  /** How many points it may have. Default: any number. */
  readonly maxPixels?: number | undefined;
}

/**
 * How many points a scan of `bytes` bytes has.
 *
 * @throws {Error} where the file is empty, its length is no multiple of a point's, or it has too many points.
 */
export function scanPoints(bytes: number, path: string, { maxPixels = Infinity }: ScanLimits = {}): number {
  const row = 4 * scanRowLength(path);
  if (bytes === 0) throw new Error(`Cannot read the scan ${path}: the file is empty`);
  if (bytes % row !== 0) throw new Error(oddLengthText(bytes, row, path));
  const points = bytes / row;
  if (points <= maxPixels) return points;
  throw new Error(`Cannot read the scan ${path}: it has ${points} points, more than the ${maxPixels} that are allowed`);
}

function oddLengthText(bytes: number, row: number, path: string): string {
  const [other, ending] = row === 16 ? [20, ".pcd.bin"] : [16, ".bin"];
  const values = row === 16 ? "x, y, z and intensity" : "x, y, z, intensity and ring";
  const hint = bytes % other === 0
    ? `. Files of ${other} bytes a point, ${other / 4} numbers, are read where their names end with ${ending}`
    : ". The file is cut short, or no scan";
  return `Cannot read the scan ${path}: its ${bytes} bytes are no multiple of ${row}, which a point takes (${values}, ` +
    `float32)${hint}`;
}

/**
 * A scan as an image of its points: as many rows as points, one column, the file's rows as they are.
 *
 * @throws {Error} as {@link scanPoints} does.
 */
export function decodeScan(
  bytes: Uint8Array,
  path: string,
  sensor: ScanSensor = sensorOfName(path),
  limits: ScanLimits = {},
): PixelImage {
  const height = scanPoints(bytes.length, path, limits);
  return { height, width: 1, pixels: new Float32Array(bytes.slice().buffer), sensor };
}

/** How the numbers of a file of labels are stored. */
export interface ScanLabelForm {
  /** Bytes of a label. */
  readonly bytes: 1 | 4;
  /** The ids of the points. */
  ids(bytes: Uint8Array): Uint8Array | Uint16Array;
}

const byteForm: ScanLabelForm = { bytes: 1, ids: (bytes) => bytes };

/** The class stands in the low 16 bits, the instance in the high ones. */
const wordForm: ScanLabelForm = {
  bytes: 4,
  ids(bytes) {
    const ids = new Uint16Array(bytes.length / 4);
    for (let point = 0; point < ids.length; point++) {
      ids[point] = (bytes[4 * point] ?? 0) | (bytes[4 * point + 1] ?? 0) << 8;
    }
    return ids;
  },
};

/** The form of a file of labels by its name: `.label` are uint32, as in SemanticKITTI, all others uint8, as in nuScenes. */
export function scanLabelForm(path: string): ScanLabelForm {
  return /\.label$/i.test(path) ? wordForm : byteForm;
}

/**
 * The ids in a file of labels, as the file means them.
 *
 * @param points how many points the scan has; `null` if that is not known.
 * @throws {Error} where the file is empty, cut short, or holds fewer or more labels than the scan has points.
 */
export function scanLabelIds(bytes: Uint8Array, path: string, points: number | null): Uint8Array | Uint16Array {
  const form = scanLabelForm(path);
  if (bytes.length === 0) throw new Error(`Cannot read the labels ${path}: the file is empty`);
  if (bytes.length % form.bytes !== 0) {
    throw new Error(
      `Cannot read the labels ${path}: its ${bytes.length} bytes are no multiple of ${form.bytes}, which the label of a ` +
        "point takes. The file is cut short, or holds no labels",
    );
  }
  const labels = bytes.length / form.bytes;
  if (points !== null && labels !== points) {
    throw new Error(
      `Cannot use the labels ${path}: it holds ${labels} labels, ${labels < points ? "fewer" : "more"} than the ` +
        `${points} points of the scan. Give each point a label, in the order of the points`,
    );
  }
  return form.ids(bytes);
}

/**
 * The train ids of a scan's points.
 *
 * @param points as in {@link scanLabelIds}.
 * @throws {Error} as {@link scanLabelIds} does, and at the first id without a class in `table`, which it names.
 */
export function decodeScanLabels(
  bytes: Uint8Array,
  path: string,
  table: LabelTable,
  points: number | null,
): SampleLabelMap {
  const ids = scanLabelIds(bytes, path, points);
  const labels = new Uint8Array(ids.length);
  for (let point = 0; point < ids.length; point++) {
    const id = ids[point] ?? 0;
    const label = table[id] ?? -1;
    if (label < 0) throw new Error(unknownIdText(id, point, table, path));
    labels[point] = label;
  }
  return { height: labels.length, width: 1, labels };
}

function unknownIdText(id: number, point: number, table: LabelTable, path: string): string {
  const known = [...table.keys()].filter((other) => (table[other] ?? -1) >= 0);
  const classes = known.filter((other) => table[other] !== IGNORE_LABEL);
  return `Cannot use the labels ${path}: the id ${id} of point ${point} is none of the ${known.length} ids of the data ` +
    `set (${classes.join(", ")} for its classes, ${
      known.filter((other) => !classes.includes(other)).join(", ")
    } for ignored points). Correct the file, or give the layout of its data set`;
}
