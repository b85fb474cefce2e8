/**
 * The formats of LiDAR scans that are read, for `formats.ts`.
 *
 * @module
 */

import { join } from "node:path";
import { idTable } from "../../src/data/class_map.ts";
import { openDataset } from "../../src/data/folder.ts";
import { labelSet } from "../../src/data/label_sets.ts";
import { idsOf } from "../../src/data/layouts/official.ts";
import { decodeScan, decodeScanLabels } from "../../src/data/scans/read_scan.ts";
import { kittiSensor } from "../../src/data/scans/sensor.ts";
import { countScanLabels, inspectScan } from "../../src/run/scan_inspection.ts";
import { write } from "../data/pictures.ts";
import { labelBytes, ringPoints, scanBytes } from "../data/scans/made_scans.ts";
import type { Format } from "./formats.ts";

const nuscenesText = JSON.stringify([{
  ...{ token: "t", sample_token: "s", filename: "samples/LIDAR_TOP/a.pcd.bin", is_key_frame: true },
}]);
const nuscenesTables: Readonly<Record<string, string>> = {
  sample: JSON.stringify([{ token: "s", scene_token: "c" }]),
  scene: JSON.stringify([{ token: "c", name: "scene-0001" }]),
};

/** Scans with rows of `row` numbers, read as a run inspects and loads them. */
function scans(name: string, row: 4 | 5): Format {
  return {
    open: (folder) => {
      const path = join(folder, name);
      return {
        name,
        files: [scanBytes(ringPoints(30).map((point) => row === 5 ? [...point, 3] : point))],
        read: (bytes) => {
          write(path, bytes);
          const { size } = inspectScan(path, kittiSensor, { maxPixels: 100, decodes: true });
          const { height } = decodeScan(bytes, name, kittiSensor, { maxPixels: 100 });
          if (height !== size.height) throw new Error(`${name}: ${size.height} points were found, ${height} decoded`);
        },
      };
    },
  };
}

/** Labels of a scan of five points. */
function scanLabels(name: string, file: Uint8Array): Format {
  const [set, encoding] = name.endsWith(".label") ? ["semantickitti-19", "semantickitti"] : ["nuscenes-16", "nuscenes"];
  const labelTable = idTable(idsOf(labelSet(set), encoding));
  return {
    open: (folder) => {
      const path = join(folder, name);
      return {
        name,
        files: [file],
        read: (bytes) => {
          write(path, bytes);
          const counts = countScanLabels({ name, imagePath: "a.bin", labelPath: path, labelTable }, path, 5);
          const { labels } = decodeScanLabels(bytes, name, labelTable, 5);
          if (counts.reduce((sum, count) => sum + count, 0) !== labels.length) {
            throw new Error(`${name}: a label is lost`);
          }
        },
      };
    },
  };
}

/** The formats by name. */
export const scanFormats: Readonly<Record<string, Format>> = {
  scan: scans("a.bin", 4),
  "scan-pcd": scans("a.pcd.bin", 5),
  "scan-labels": scanLabels("a.label", labelBytes([10, 40, 252, 0, 70])),
  lidarseg: scanLabels("a_lidarseg.bin", new Uint8Array([17, 24, 9, 0, 31])),
  nuscenes: {
    content: "json",
    open: (folder) => {
      for (const [name, rows] of Object.entries(nuscenesTables)) write(join(folder, "v1.0-mini", `${name}.json`), rows);
      write(join(folder, "samples/LIDAR_TOP/a.pcd.bin"), new Uint8Array(20));
      return {
        name: "sample_data.json",
        files: [new TextEncoder().encode(nuscenesText)],
        read: (bytes) => {
          write(join(folder, "v1.0-mini", "sample_data.json"), bytes);
          const dataset = openDataset(folder, { layout: "nuscenes" });
          return dataset.splitNames().map((split) => dataset.split(split));
        },
      };
    },
  },
};
