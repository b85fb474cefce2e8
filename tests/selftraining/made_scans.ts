/**
 * Small made scans for tests: a sensor above a ground plane, with walls and posts around it.
 *
 * @module
 */

import {
  type MemoryItem,
  type Model,
  type Network,
  Random,
  scanRanges,
  type ScanSensor,
  type Size,
} from "../../mod.ts";
import { convBatchNorm, convBias } from "../../src/nn/layers.ts";

/** The classes of made scans. */
export const scanClasses = ["ground", "wall", "post"];

/** A sensor of 16 beams. */
export const smallSensor: ScanSensor = {
  ...{ name: "small", rows: 16, columns: 64, rule: "angle", up: 3, down: -25, nearest: 0 },
};

/** The size of its range images. */
export const smallSize = { height: 16, width: 64 };

/** A network of two convolutions for scans. */
export const scanNet: Model = {
  name: "scan net",
  description: "two convolutions on range images",
  takes: scanRanges({ channels: 6, scaling: "scaled" }),
  sizeMultiple: 1,
  alignCorners: true,
  logits(images, scope, { classes, inference }) {
    const shared = {
      kernel: 3,
      padding: 1,
      epsilon: 1e-5,
      inference,
      statistics: "batch",
      activation: "relu",
    } as const;
    const x = convBatchNorm(images, scope, "first", { ...shared, channels: 12 });
    return convBias(x, scope, "head", { channels: classes, kernel: 1, deviation: 0.1, group: "head" });
  },
};

/** Where a ray ends: x, y, z and the class; `null` in the sky. */
function hit(azimuth: number, elevation: number, wall: number, post: number): [number, number, number, number] | null {
  const [dx, dy, dz] = [
    Math.cos(elevation) * Math.cos(azimuth),
    Math.cos(elevation) * Math.sin(azimuth),
    Math.sin(elevation),
  ];
  const turned = Math.abs(((azimuth - post + 3 * Math.PI) % (2 * Math.PI)) - Math.PI);
  const candidates: [number, number][] = [];
  if (dz < 0) candidates.push([-1.7 / dz, 0]);
  if (Math.abs(dy) > 0.05) candidates.push([wall / Math.abs(dy), 1]);
  if (turned < 0.15) candidates.push([6, 2]);
  const [nearest] = candidates.sort(([a], [b]) => a - b);
  if (nearest === undefined || nearest[0] > 70) return null;
  const [range, id] = nearest;
  return [range * dx, range * dy, range * dz, id];
}

/** Scans of streets, of different numbers of points, in which some points stand behind others. */
export function madeScans(name: string, count: number, sensor: ScanSensor = smallSensor): MemoryItem[] {
  const random = new Random(7, name);
  return Array.from({ length: count }, (_, scan) => {
    const wall = 6 + 4 * random.uniform(scan, 0);
    const post = 2 * Math.PI * random.uniform(scan, 1);
    const rows: number[] = [];
    const labels: number[] = [];
    for (let index = 0; index < 1500; index++) {
      const azimuth = 2 * Math.PI * random.uniform(scan, index, 2);
      const elevation = (-25 + 28 * random.uniform(scan, index, 3)) * Math.PI / 180;
      const found = hit(azimuth, elevation, wall, post);
      if (found === null) continue;
      const [x, y, z, id] = found;
      rows.push(x, y, z, [0.2, 0.5, 0.9][id] ?? 0);
      labels.push(id);
    }
    const points = { height: labels.length, width: 1 };
    return {
      name: `${name} ${scan}`,
      image: { ...points, pixels: Float32Array.from(rows), sensor },
      labels: { ...points, labels: Uint8Array.from(labels) },
    };
  });
}

/** The class of each pixel of a made scan, 255 where it is empty: the nearest point's, by lidar.md's rule in float64. */
export function pixelClasses({ image, labels }: MemoryItem, { height, width }: Size): Uint8Array {
  const nearest = new Float64Array(height * width).fill(Infinity);
  const classes = new Uint8Array(height * width).fill(255);
  const { up = 0, down = 0 } = image.sensor ?? {};
  for (let point = 0; point < image.height; point++) {
    const [x = 0, y = 0, z = 0] = image.pixels.subarray(point * 4, point * 4 + 3);
    const range = Math.hypot(x, y, z);
    const column = Math.floor(width * 0.5 * (1 - Math.atan2(y, x) / Math.PI));
    const row = Math.floor(height * (up * Math.PI / 180 - Math.asin(z / range)) / ((up - down) * Math.PI / 180));
    const clamped = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
    const pixel = clamped(row, height) * width + clamped(column, width);
    if (range >= (nearest[pixel] ?? 0)) continue;
    nearest[pixel] = range;
    classes[pixel] = labels?.labels[point] ?? 255;
  }
  return classes;
}

/** A network that tells the classes of made scans by their intensity, at each pixel by itself. */
export const intensityNet: Model = {
  ...scanNet,
  name: "intensity net",
  description: "one convolution of 1×1",
  logits: (images, scope, { classes }) =>
    convBias(images, scope, "head", { channels: classes, kernel: 1, deviation: 0 }),
};

/** Its weights: below 0.35 lies class 0, below 0.7 class 1, above class 2. */
export function loadIntensities(network: Network): void {
  const weight = new Float32Array(18);
  weight[6 + 3] = 10;
  weight[12 + 3] = 30;
  network.store.load(
    new Map([
      ["head.weight", { shape: [3, 6, 1, 1], values: weight }],
      ["head.bias", { shape: [3], values: Float32Array.of(0, -3.5, -17.5) }],
    ]),
    "the test",
  );
}
