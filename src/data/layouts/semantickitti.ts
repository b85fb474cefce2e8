/**
 * SemanticKITTI: `sequences/NN/velodyne/FFFFFF.bin` with `sequences/NN/labels/FFFFFF.label`, in the data set's folder or
 * in `dataset` in it; the folder `sequences` itself will do too. Sequences 00 to 07, 09 and 10 are the split `train`, 08
 * is `val`, 11 to 21 are `test`, which has no labels. Sequences of other names, which others than the authors made, are
 * training sequences. Any of them may be missing. A scan is called `NN/FFFFFF`, as in published lists.
 *
 * A file `sensor.json` in the data set's folder describes the sensor, if it is another than the name of the scans tells.
 *
 * ScribbleKITTI: the same scans. Those of `train` have labels in `scribbles` instead of `labels`: 0 where nobody
 * scribbled. Those of `val` keep the full labels.
 *
 * Sources: Behley et al., ICCV 2019, and GitHub PRBonn/semantic-kitti-api, `config/semantic-kitti.yaml`; Unal et al., CVPR
 * 2022.
 *
 * @module
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { byteOrder, isFolder } from "../image_files.ts";
import { sensorFinder } from "../scans/find_sensor.ts";
import { isScanName, withoutScanEnding } from "../scans/read_scan.ts";
import type { ScanSensor } from "../scans/sensor.ts";
import type { Layout, ListedItem, ListedItems } from "./layout.ts";
import type { LayoutName } from "./names.ts";
import { describedBy } from "./official.ts";

/** SemanticKITTI. */
export const semanticKitti = sequenceLayout("semantickitti", () => "labels");

/** ScribbleKITTI. */
export const scribbleKitti = sequenceLayout("scribblekitti", (split) => split === "train" ? "scribbles" : "labels");

const scanFolder = "velodyne";

/** The split of a sequence. */
function splitOf(sequence: string): string {
  if (sequence === "08") return "val";
  return /^(1[1-9]|2[01])$/.test(sequence) ? "test" : "train";
}

/** @param labelFolder the folder of labels in a sequence of a split. */
function sequenceLayout(name: LayoutName, labelFolder: (split: string) => string): Layout {
  const fits = (path: string) => sequencesOf(path).length > 0;
  return {
    name,
    fits,
    recognises: (path) => fits(path) && hasScribbles(path) === (name === "scribblekitti"),
    describe: () => describedBy(name, "semantickitti-19", { raw: "semantickitti" }),
    splitNames: (path) => splitNames(path),
    items: (path, split) => itemsOf(path, split, labelFolder(split)),
    labelPath(path, split, imageName) {
      const [sequence = "", frame = imageName] = imageName.split("/");
      return join(rootOf(path) ?? path, sequence, labelFolder(split), `${frame}.label`);
    },
  };
}

/** The folder of the sequences; `null` if there is none. */
function rootOf(path: string): string | null {
  const places = [join(path, "sequences"), join(path, "dataset", "sequences"), path];
  return places.find((place) => isFolder(place) && sequencesIn(place).length > 0) ?? null;
}

/** The sequences in a folder that have scans. */
function sequencesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isFile());
  return byteOrder(entries.map(({ name }) => name).filter((name) => isFolder(join(folder, name, scanFolder))));
}

function sequencesOf(path: string): string[] {
  const root = isFolder(path) ? rootOf(path) : null;
  return root === null ? [] : sequencesIn(root);
}

function hasScribbles(path: string): boolean {
  const root = rootOf(path);
  return root !== null && sequencesIn(root).some((sequence) => isFolder(join(root, sequence, "scribbles")));
}

function splitNames(path: string): string[] {
  const present = new Set(sequencesOf(path).map(splitOf));
  return ["train", "val", "test"].filter((split) => present.has(split));
}

function itemsOf(path: string, split: string, labelFolder: string): ListedItems {
  const root = rootOf(path);
  const sequences = sequencesOf(path).filter((sequence) => splitOf(sequence) === split);
  if (root === null || sequences.length === 0) {
    const names = splitNames(path);
    const found = names.length === 0 ? "It has none" : `It has: ${names.join(", ")}`;
    throw new Error(`The data set ${path} has no split "${split}". ${found}`);
  }
  const notices: string[] = [];
  const sensorOf = sensorFinder(path);
  const items = sequences.flatMap((sequence) => {
    const listed = sequenceItems(join(root, sequence), sequence, labelFolder, sensorOf);
    notices.push(...listed.notices);
    return listed.items;
  });
  if (items.length > 0) return { items, notices };
  throw new Error(
    `The split "${split}" of ${path} is empty: there is no scan, a file .bin, in ${
      join(root, sequences[0] ?? "", scanFolder)
    }`,
  );
}

function sequenceItems(
  folder: string,
  sequence: string,
  labelFolder: string,
  sensorOf: (path: string) => ScanSensor,
): ListedItems {
  const scans = byteOrder(readdirSync(join(folder, scanFolder)).filter(isVisibleScan), withoutScanEnding);
  const labels = new Set(
    existsSync(join(folder, labelFolder))
      ? readdirSync(join(folder, labelFolder)).filter((name) => /^[^.].*\.label$/i.test(name))
      : [],
  );
  const items = scans.map((scan): ListedItem => {
    const frame = withoutScanEnding(scan);
    const label = `${frame}.label`;
    const imagePath = join(folder, scanFolder, scan);
    const labelPath = labels.delete(label) ? join(folder, labelFolder, label) : null;
    return {
      name: `${sequence}/${frame}`,
      imagePath,
      labelPath,
      encoding: "raw",
      sensor: sensorOf(imagePath),
    };
  });
  const [lone] = labels;
  if (lone === undefined) return { items, notices: [] };
  const count = labels.size === 1 ? "1 label file" : `${labels.size} label files`;
  const text = `Left out of ${join(folder, labelFolder)}: ${count} without a scan in ${scanFolder}, such as ${lone}`;
  return { items, notices: [text] };
}

/** Whether a file is a scan, and none that a system scattered. */
function isVisibleScan(name: string): boolean {
  return isScanName(name) && !name.startsWith(".");
}
