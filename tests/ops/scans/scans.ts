/**
 * Scans for tests, and the ops of scans run on them.
 *
 * @module
 */

import type { ScanPlan } from "../../../src/data/scans/augmentation.ts";
import { kittiSensor, nuscenesSensor, type ScanSensor } from "../../../src/data/scans/sensor.ts";
import { Program } from "../../../src/graph/program.ts";
import { type DeviceTraits, input, type Tensor } from "../../../src/graph/tensor.ts";
import {
  scanGeometryLength,
  scanGeometryValues,
  type ScanPoints,
  scanRowWords,
} from "../../../src/ops/scans/geometry.ts";
import { Random } from "../../../src/random.ts";
import { testGpu } from "../harness.ts";

/** Size of range images. */
export type ImageSize = { readonly height: number; readonly width: number };

/** The inputs of the ops of scans. */
export interface ScanInputs {
  readonly points: Tensor;
  readonly geometry: Tensor;
}

/** How the scans of a batch are seen. */
export interface ScanBatch {
  readonly scans: readonly ScanPoints[];
  readonly size: ImageSize;
  /** Room for points in each scan; default: as many as the largest has, and three more. */
  readonly capacity?: number;
  readonly plans?: readonly ScanPlan[];
  readonly mirror?: boolean;
  readonly traits?: DeviceTraits;
}

/** The words of a batch of scans, each at its place. */
export function scanWords(scans: readonly ScanPoints[], capacity: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(scans.length * capacity * scanRowWords);
  for (const [index, { pixels }] of scans.entries()) {
    const { buffer, byteOffset, length } = pixels;
    words.set(new Uint32Array(buffer, byteOffset, length), index * capacity * scanRowWords);
  }
  return words;
}

/** Runs ops on a batch of scans and gives the bytes of what they compute. */
export async function runScans(
  { scans, size, plans, mirror, traits, capacity: room }: ScanBatch,
  build: (inputs: ScanInputs) => Record<string, Tensor>,
  others: Readonly<Record<string, ArrayBufferView<ArrayBuffer>>> = {},
): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const capacity = room ?? capacityOf(scans);
  const outputs = build({
    points: input("points", [scans.length, capacity * scanRowWords], { dtype: "u32", layout: "plain" }),
    geometry: input("geometry", [scans.length, scanGeometryLength], { layout: "plain" }),
  });
  using program = await Program.compile(await testGpu(), { outputs, ...(traits ? { traits } : {}) });
  const view = mirror === undefined ? {} : { mirror };
  const geometry = scans.flatMap((scan, index) => scanGeometryValues(scan, size, plans?.[index], view));
  program.write("points", scanWords(scans, capacity));
  program.write("geometry", Float32Array.from(geometry));
  for (const [name, values] of Object.entries(others)) program.write(name, values);
  const results: Record<string, Uint8Array<ArrayBuffer>> = {};
  program.run();
  program.run();
  for (const name of Object.keys(outputs)) results[name] = await program.readBytes(name);
  return results;
}

/** The default room for points. */
export function capacityOf(scans: readonly ScanPoints[]): number {
  return Math.max(...scans.map(({ height }) => height)) + 3;
}

/** The words of a result. */
export function wordsOf(bytes: Uint8Array<ArrayBuffer> | undefined): Uint32Array {
  return new Uint32Array(bytes?.buffer ?? new ArrayBuffer(0));
}

/** The winners of a result, −1 where a pixel is empty. */
export function winnersOf(bytes: Uint8Array<ArrayBuffer> | undefined): Int32Array {
  return new Int32Array(bytes?.buffer ?? new ArrayBuffer(0));
}

/** A scan of rows of numbers. */
export function scanOf(sensor: ScanSensor, rows: readonly (readonly number[])[]): ScanPoints {
  return { sensor, height: rows.length, pixels: Float32Array.from(rows.flat()) };
}

/** A scan of random points, in millimetres as real ones are, so that ranges can be equal. */
export function randomScan(
  sensor: ScanSensor,
  count: number,
  seed: number,
  withRing = sensor.rule === "ring",
): ScanPoints {
  const random = new Random(seed, "scan");
  const rows = Array.from({ length: count }, (_, point) => {
    const range = 0.3 + 60 * random.uniform(point, 0) ** 2;
    const angle = 2 * Math.PI * random.uniform(point, 1);
    const elevation = (sensor.down - 4 + (sensor.up - sensor.down + 8) * random.uniform(point, 2)) * Math.PI / 180;
    const place = [
      range * Math.cos(angle) * Math.cos(elevation),
      range * Math.sin(angle) * Math.cos(elevation),
      range * Math.sin(elevation),
    ].map((value) => Math.round(value * 1000) / 1000);
    const intensity = sensor.rule === "ring" ? random.integer(256, point, 3) : random.integer(100, point, 3) / 100;
    return [...place, intensity, ...(withRing ? [random.integer(sensor.rows, point, 4)] : [])];
  });
  return scanOf(sensor, rows);
}

/** Points that a projection must think of: on the axes, at the edges, without a range, and without a number. */
export function awkwardScan(sensor: ScanSensor, withRing = sensor.rule === "ring"): ScanPoints {
  const places = [
    ...[[1, 0, 0], [-1, 0, 0], [-1, -0, 0], [0, 2, 0], [0, -2, 0], [3, 3, 0], [-3, 3, 0], [-3, -3, 0.1], [3, -3, 0]],
    ...[[0, 0, 5], [0, 0, -5], [0, 0, 0], [-0, 0, -0], [1, 1, 90], [1, 1, -90], [0.5, 0.2, 0], [0.9, 0, 0]],
    ...[[NaN, 1, 1], [1, Infinity, 1], [1, 1, -Infinity], [1e-30, -1e-30, 1e-31], [1e30, 1e25, -1e29]],
    ...[[50, 1e-6, 0], [50, -1e-6, 0], [-50, 1e-6, -1], [4, 5, -0.3], [4, 5, -0.3], [8, 10, -0.6], [2, 2.5, -0.15]],
    ...[[7, -1, 0.5], [7, -1, 0.5]],
  ];
  const rings = [3, -1, 31, 32, 64, NaN, 0];
  const rows = places.map((place, index) => {
    const intensity = index === places.length - 2 ? NaN : 0.25;
    return [...place, intensity, ...(withRing ? [index % 11 === 10 ? rings[index % 7] ?? 0 : index % 20] : [])];
  });
  return scanOf(sensor, rows);
}

/** A batch of scans of all kinds, of different numbers of points. */
export function mixedScans(): ScanPoints[] {
  const narrow: ScanSensor = { ...kittiSensor, name: "narrow", up: 52, down: -7, nearest: 0.6 };
  return [
    randomScan(kittiSensor, 4000, 1),
    randomScan(nuscenesSensor, 2900, 2),
    randomScan(nuscenesSensor, 1500, 3, false),
    randomScan(narrow, 3500, 4, true),
    awkwardScan(kittiSensor),
    awkwardScan(nuscenesSensor),
  ];
}
