/**
 * Files that describe a LiDAR sensor.
 *
 * @module
 */

import * as v from "valibot";
import { strictJson } from "../../formats/commented_json.ts";
import { requireDistinctKeys, validated } from "../../formats/validation.ts";
import { kittiSensor, nuscenesSensor, type ScanSensor } from "./sensor.ts";

/** The sensors that have a name, by it. */
export const namedSensors: Readonly<Record<"kitti" | "nuscenes", ScanSensor>> = {
  kitti: kittiSensor,
  nuscenes: nuscenesSensor,
};

/** The most rows of a range image, and the most columns. */
const [mostRows, mostColumns] = [4096, 65_536];

const side = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
const degrees = v.pipe(v.number(), v.minValue(-90), v.maxValue(90));
const schema = v.strictObject({
  rows: side(mostRows),
  columns: side(mostColumns),
  rule: v.picklist(["angle", "ring"]),
  up: degrees,
  down: degrees,
  nearest: v.pipe(v.number(), v.finite(), v.minValue(0)),
});

/**
 * The sensor that a file describes: JSON with the keys `rows`, `columns`, `rule`, `up`, `down` and `nearest`, as in
 * `ScanSensor`.
 *
 * @param path appears in messages, and is the sensor's name.
 * @throws {Error} where it is not JSON, or a key is missing, wrong or unknown.
 */
export function parseSensor(commented: string, path: string): ScanSensor {
  const text = strictJson(commented);
  const sensor = validated(schema, text, path, "sensor");
  requireDistinctKeys(text, path, "sensor");
  if (sensor.up <= sensor.down) {
    throw new Error(
      `Cannot read the sensor ${path}: "up" is ${sensor.up}° and "down" is ${sensor.down}°; "up" must be above "down"`,
    );
  }
  return { name: path, ...sensor };
}
