import { assertAlmostEquals } from "@std/assert";
import { openDataset } from "../../../src/data/folder.ts";
import { decodeScan, decodeScanLabels } from "../../../src/data/scans/read_scan.ts";
import { kittiSensor } from "../../../src/data/scans/sensor.ts";
import type { Size } from "../../../src/data/size.ts";
import { Program } from "../../../src/graph/program.ts";
import { input } from "../../../src/graph/tensor.ts";
import { scoreWithMisses } from "../../../src/metrics/confusion.ts";
import { confusionBytes, confusionDispatch } from "../../../src/ops/metrics/confusion_matrix.ts";
import { backprojectDispatch, type PointRule } from "../../../src/ops/scans/backproject.ts";
import { scanGeometryLength, scanGeometryValues } from "../../../src/ops/scans/geometry.ts";
import { pointLabels } from "../../../src/ops/scans/point_labels.ts";
import { pointPixels } from "../../../src/ops/scans/point_pixels.ts";
import { projectScans } from "../../../src/ops/scans/project_scans.ts";
import { testWithShared } from "../../shared.ts";
import { testGpu } from "../harness.ts";

// The ground truth of five scans, projected and back, over the classes that are there: the best that a network can reach
// on range images. The figures were computed by another program (docs/lidar.md).
testWithShared(
  "the ground truth of real scans that is projected and brought back scores what it should by every rule",
  ["data/lidar/semantickitti-mini"],
  async (folder = "") => {
    const wide = { height: 64, width: 2048 };
    const cases: readonly [Size, PointRule, number][] = [
      [wide, "nearest", 0.8198],
      [wide, "none", 0.7596],
      [wide, "knn", 0.7690],
    ];
    for (const [size, rule, expected] of cases) {
      const { miouPresent } = await reachable(folder, size, rule);
      assertAlmostEquals(miouPresent ?? NaN, expected, 0.0002, `${rule} at ${size.height}×${size.width}`);
    }
  },
);

async function reachable(folder: string, size: Size, rule: PointRule) {
  const gpu = await testGpu();
  const capacity = 131_072;
  const points = input("points", [1, capacity * 5], { dtype: "u32", layout: "plain" });
  const geometry = input("geometry", [1, scanGeometryLength], { layout: "plain" });
  const truth = input("truth", [1, capacity], { dtype: "u8", layout: "plain" });
  const winner = projectScans(points, geometry, size);
  const outputs = { winner, places: pointPixels(points, geometry, size), labels: pointLabels(truth, winner), truth };
  using program = await Program.compile(gpu, { outputs });
  const counts = gpu.createBuffer(confusionBytes(19, true), "counts");
  const found = gpu.createBuffer(capacity, "labels of points");
  const range = { buffer: found, offset: 0, size: capacity };
  for (const { imagePath, labelPath, labelTable } of openDataset(folder).split("val").items) {
    const scan = decodeScan(Deno.readFileSync(imagePath), imagePath, kittiSensor);
    const path = labelPath ?? "";
    const { labels } = decodeScanLabels(Deno.readFileSync(path), path, labelTable, scan.height);
    const rows = new Float32Array(capacity * 5);
    rows.set(scan.pixels);
    const all = new Uint8Array(capacity).fill(255);
    all.set(labels);
    program.write("points", rows);
    program.write("geometry", Float32Array.from(scanGeometryValues({ ...scan, sensor: kittiSensor }, size)));
    program.write("truth", all);
    program.run();
    const [winners, places, ofPixels] = [program.output("winner"), program.output("places"), program.output("labels")];
    const buffers = { labels: ofPixels, winners, places, points: range };
    gpu.submit([
      await backprojectDispatch(gpu, buffers, { scans: 1, capacity, ...size, rule }),
      await confusionDispatch(gpu, range, program.output("truth"), counts, {
        ...{ classes: 19, pixels: capacity, withMisses: true },
      }),
    ]);
  }
  const [bytes = new Uint8Array()] = await gpu.read({ buffer: counts, offset: 0, size: confusionBytes(19, true) });
  for (const buffer of [counts, found]) gpu.destroyBuffer(buffer);
  return scoreWithMisses(new Uint32Array(bytes.buffer));
}
