/**
 * Which sensor a scan on the disk is of: the one that its data set describes, else that of its name.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { sensorOfName } from "./read_scan.ts";
import { parseSensor } from "./read_sensor.ts";
import type { ScanSensor } from "./sensor.ts";

/** The name of the file in a data set's folder that describes its sensor. */
const sensorName = "sensor.json";

/**
 * Finds the sensors of scans. A `sensor.json` in a scan's own folder counts, and one in the folder of its data set,
 * however the scan was named: above `sequences/NN/velodyne` (`dataset/sequences` too), or in `root`.
 *
 * @param root the folder that was given, if the scans are those in it.
 * @returns gives the sensor of the scan at a path. It throws where the file is wrong.
 */
export function sensorFinder(root?: string): (path: string) => ScanSensor {
  const described = new Map<string, ScanSensor | null>();
  return (path) => {
    const folder = dirname(resolve(path));
    let sensor = described.get(folder);
    if (sensor === undefined) {
      sensor = describedIn(placesOf(folder, root === undefined ? undefined : resolve(root)));
      described.set(folder, sensor);
    }
    return sensor ?? sensorOfName(path);
  };
}

/** The folders that may describe the sensor of the scans in a folder, the nearest first. */
function placesOf(folder: string, root: string | undefined): string[] {
  const places = [folder];
  const sequences = dirname(dirname(folder));
  if (basename(folder) === "velodyne" && basename(sequences) === "sequences") {
    const holder = dirname(sequences);
    places.push(sequences, holder);
    if (basename(holder) === "dataset") places.push(dirname(holder));
  }
  return root === undefined || places.includes(root) ? places : [...places, root];
}

function describedIn(folders: readonly string[]): ScanSensor | null {
  const file = folders.map((folder) => join(folder, sensorName)).find((path) => existsSync(path));
  return file === undefined ? null : parseSensor(readFileSync(file, "utf8"), file);
}
