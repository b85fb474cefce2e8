/**
 * Projects scans, one at a time, and reads the range images back.
 *
 * @module
 */

import type { ScanSensor } from "../data/scans/sensor.ts";
import type { Size } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Program } from "../graph/program.ts";
import { input } from "../graph/tensor.ts";
import { roomForPoints } from "../nn/scan_ranges.ts";
import { scanGeometryLength, scanGeometryValues, type ScanPoints, scanRowWords } from "../ops/scans/geometry.ts";
import { pointPixels } from "../ops/scans/point_pixels.ts";
import { nearestPoints } from "../ops/scans/project_scans.ts";

/** A range image. */
export interface RangeImage extends Size {
  /** `[height, width]`: the place in the file of the nearest point of each pixel, −1 where it is empty. */
  readonly index: Int32Array<ArrayBuffer>;
  /** `[height, width]`: the distance that chose the point in metres, by the sensor's rule, −1 where there is none. */
  readonly range: Float32Array<ArrayBuffer>;
  /** The distance of each point, 0 where it is in no pixel. */
  readonly pointRanges: Float32Array;
}

/** Projects scans: `using projector = new ScanProjector(gpu)`. It keeps the programs of all sizes that it met. */
export class ScanProjector implements Disposable {
  readonly #programs = new Map<string, Program>();

  /** Compiles nothing yet. */
  constructor(readonly gpu: Gpu) {}

  /**
   * The range image of a scan.
   *
   * @param size default: that of the sensor.
   * @throws {RangeError} if the scan's rows have neither 4 nor 5 numbers.
   * @throws {ReasonedError} if it is too large for the adapter.
   */
  async project(scan: ScanPoints, size: Size = sizeOf(scan.sensor)): Promise<RangeImage> {
    const { height, width } = size;
    const program = await this.#program(roomForPoints(scan.height), size);
    const { buffer, byteOffset, byteLength } = scan.pixels;
    program.write("points", new Uint8Array(buffer, byteOffset, byteLength));
    program.write("geometry", Float32Array.from(scanGeometryValues(scan, size)));
    program.run();
    const outputs = ["pixels", "winner"].map((name) => program.output(name));
    const [pixels, winner] = await this.gpu.read(...outputs);
    if (pixels === undefined || winner === undefined) throw new Error("Nothing was read of a projection");
    const ranges = new Float32Array(pixels.buffer);
    const pointRanges = Float32Array.from({ length: scan.height }, (_, point) => ranges[2 * point + 1] ?? 0);
    // An empty pixel holds the largest u32, which is −1.
    const index = new Int32Array(winner.buffer, 0, height * width);
    const range = Float32Array.from(index, (point) => point < 0 ? -1 : pointRanges[point] ?? -1);
    return { height, width, index, range, pointRanges };
  }

  /** Frees all programs. */
  [Symbol.dispose](): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#programs.clear();
  }

  async #program(capacity: number, size: Size): Promise<Program> {
    const key = `${capacity} ${size.height}×${size.width}`;
    const found = this.#programs.get(key);
    if (found !== undefined) return found;
    const points = input("points", [1, capacity * scanRowWords], { dtype: "u32", layout: "plain" });
    const geometry = input("geometry", [1, scanGeometryLength], { layout: "plain" });
    const pixels = pointPixels(points, geometry, size, { moves: false });
    const program = await Program.compile(this.gpu, { outputs: { pixels, winner: nearestPoints(pixels, size) } });
    this.#programs.set(key, program);
    return program;
  }
}

/** The size of a sensor's range images. */
function sizeOf({ rows, columns }: ScanSensor): Size {
  return { height: rows, width: columns };
}
