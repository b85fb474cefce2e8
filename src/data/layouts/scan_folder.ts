/**
 * A folder of LiDAR scans, `.bin` or `.pcd.bin`, that says nothing of classes: scans to adapt to. They may lie in folders
 * in it. All of them are the split `train`. A `sensor.json` in the folder describes their sensor.
 *
 * @module
 */

import { join } from "node:path";
import { byteOrder, filesUnder, imageTitles, isFolder } from "../image_files.ts";
import { sensorFinder } from "../scans/find_sensor.ts";
import { isScanName, withoutScanEnding } from "../scans/read_scan.ts";
import type { Layout } from "./layout.ts";
import { onlySplit } from "./parts.ts";

/** Scans without a layout of their own. */
export const scanFolder: Layout = {
  name: "scans",
  recognises: (path) => isFolder(path) && listScans(path).length > 0,
  describe: () => null,
  splitNames: () => [onlySplit],
  items(path, split) {
    if (split !== onlySplit) throw new Error(`The data set ${path} has no split "${split}". It has: ${onlySplit}`);
    const scans = listScans(path);
    if (scans.length === 0) throw new Error(`The data set ${path} is empty: there is no scan in it, a file .bin`);
    const titles = imageTitles(scans);
    const sensorOf = sensorFinder(path);
    const items = scans.map((scan, index) => {
      const imagePath = join(path, scan);
      return { name: titles[index] ?? scan, imagePath, labelPath: null, sensor: sensorOf(imagePath) };
    });
    return { items, notices: [] };
  },
  labelPath: (path, _, imageName) => join(path, `${imageName}.label`),
};

/** The scans in a folder and in all folders in it, as paths from there. */
export function listScans(folder: string): string[] {
  return byteOrder(filesUnder(folder).filter(isScanName), withoutScanEnding);
}
