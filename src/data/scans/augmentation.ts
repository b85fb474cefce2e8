/**
 * How the points of a scan are moved before they are projected: the augmentation of each scan of each step. It is a pure
 * function of the seed, the stage, the step and the scan's place in the batch. A plan holds only numbers. The GPU
 * carries it out, in the kernel that projects.
 *
 * The recipes are those of LaserMix's range-view code for the two data sets.
 *
 * @module
 */

import { Random } from "../../random.ts";
import type { SamplePlace } from "../sampling.ts";

/** How the points of a scan are moved. The order is: drop, mirror, scale, turn, shift; then the image is rolled. */
export interface ScanPlan {
  /** Chance of each point to be left out, below 1. */
  readonly dropped: number;
  /** Key of the random numbers that decide which points are left out. */
  readonly key: readonly [number, number];
  /** Whether x is negated. */
  readonly mirrorX: boolean;
  /** Whether y is negated. */
  readonly mirrorY: boolean;
  /** Factor of x and y; z keeps its size. */
  readonly scale: number;
  /** Angle in radians by which the points are turned around z, from x towards y. */
  readonly angle: number;
  /** What is added to x, y and z at last, in metres. */
  readonly shift: readonly [number, number, number];
  /** Share of the image, from 0 to 1, by which its columns are rolled to the right. */
  readonly roll: number;
}

/** Which augmentation is drawn. */
export interface ScanAugmentation {
  /**
   * `kitti`: up to a tenth of the points dropped; mirrored in neither, one or both of x and y, a quarter each; scaled;
   * turned by any angle; shifted by N(0, 0.1), at most 0.3; columns rolled. `nuscenes`: mirrored, scaled and turned in
   * the same way, and shifted by N(0, 0.2), at most 0.6.
   */
  readonly augmentation: "kitti" | "nuscenes";
}

/** The numbers of the recipes that differ. */
const recipes = {
  kitti: { mostDropped: 0.1, deviation: 0.1, mostShift: 0.3, rolls: true },
  nuscenes: { mostDropped: 0, deviation: 0.2, mostShift: 0.6, rolls: false },
} as const;

/** The greatest scale factor. The smallest is its inverse. */
const greatestScale = 1.05;

/** The last counter of the random stream for each number that a scan draws. Never renumber: runs would change. */
const DRAW = {
  ...{ dropped: 0, mirrorX: 1, mirrorY: 2, scale: 3, inverse: 4, angle: 5, shift: 6, roll: 9, key: 10 },
} as const;

/** Plans how the points of the scan at `place` are moved. */
export function planScan(place: SamplePlace, { augmentation }: ScanAugmentation): ScanPlan {
  const random = new Random(place.seed, `scan ${place.stage}`);
  const uniform = (draw: number) => random.uniform(place.step, place.index, draw);
  const { mostDropped, deviation, mostShift, rolls } = recipes[augmentation];
  const factor = 1 + (greatestScale - 1) * uniform(DRAW.scale);
  const shift = (axis: number) => {
    const drawn = deviation * random.normal(place.step, place.index, DRAW.shift + axis);
    return Math.max(-mostShift, Math.min(mostShift, drawn));
  };
  const key = (half: number) => random.uint32(place.step, place.index, DRAW.key + half);
  return {
    dropped: mostDropped * uniform(DRAW.dropped),
    key: [key(0), key(1)],
    mirrorX: uniform(DRAW.mirrorX) < 0.5,
    mirrorY: uniform(DRAW.mirrorY) < 0.5,
    scale: uniform(DRAW.inverse) < 0.5 ? 1 / factor : factor,
    angle: 2 * Math.PI * uniform(DRAW.angle),
    shift: [shift(0), shift(1), shift(2)],
    roll: rolls ? uniform(DRAW.roll) : 0,
  };
}
