/**
 * Times the projection of a scan as it is used: the scan's bytes go to the GPU, and its range image is made; 100 times,
 * with one wait at the end. Run it as `deno run -A --config deno.json bench/scan_projection.ts [SCAN.bin]`. Without a
 * file it takes a made scan of 124,000 points.
 *
 * @module
 */

import { readFile } from "../src/disk/files.ts";
import { decodeScan } from "../src/data/scans/read_scan.ts";
import { kittiSensor } from "../src/data/scans/sensor.ts";
import { Gpu } from "../src/gpu/gpu.ts";
import { Program } from "../src/graph/program.ts";
import { input } from "../src/graph/tensor.ts";
import { scanGeometryLength, scanGeometryValues, type ScanPoints, scanRowWords } from "../src/ops/scans/geometry.ts";
import { projectScans } from "../src/ops/scans/project_scans.ts";

/** Scans between two waits. */
const runs = 100;

/** Rings of points on the ground and on walls, in the order in which a sensor of 64 beams sees them. */
function madeScan(points: number): ScanPoints {
  const pixels = new Float32Array(4 * points);
  for (let point = 0; point < points; point++) {
    const ring = Math.floor(point / points * 64);
    const angle = 2 * Math.PI * (point / points * 64 - ring);
    const elevation = (2.6 - 26.3 * ring / 63) * Math.PI / 180;
    const wall = 12 + 8 * Math.sin(5 * angle);
    const range = Math.min(wall, elevation < 0 ? 1.73 / Math.sin(-elevation) : wall);
    const flat = range * Math.cos(elevation);
    pixels.set([flat * Math.cos(angle), flat * Math.sin(angle), range * Math.sin(elevation), 0.3], 4 * point);
  }
  return { height: points, pixels, sensor: kittiSensor };
}

const [path] = Deno.args;
const scan: ScanPoints = path === undefined
  ? madeScan(124_000)
  : { ...decodeScan(readFile(path), path, kittiSensor), sensor: kittiSensor };
const size = { height: kittiSensor.rows, width: kittiSensor.columns };
using gpu = await Gpu.open();
const points = input("points", [1, scan.height * scanRowWords], { dtype: "u32", layout: "plain" });
const geometry = input("geometry", [1, scanGeometryLength], { layout: "plain" });
for (const moves of [false, true]) {
  const winner = projectScans(points, geometry, size, { moves });
  using program = await Program.compile(gpu, { outputs: { winner } });
  program.write("geometry", Float32Array.from(scanGeometryValues(scan, size)));
  const times: number[] = [];
  for (let round = 0; round < 6; round++) {
    const start = performance.now();
    for (let run = 0; run < runs; run++) {
      program.write("points", scan.pixels);
      program.run();
    }
    await program.read("winner");
    // The first round compiles.
    if (round > 0) times.push((performance.now() - start) / runs);
  }
  const listed = times.map((time) => time.toFixed(2)).join(", ");
  console.log(
    `${scan.height} points, upload included${moves ? ", with what moves points" : ""}: ` +
      `${Math.min(...times).toFixed(2)} ms a scan at best, means of ${runs}: ${listed}`,
  );
}
