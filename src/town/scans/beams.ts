/**
 * The two LiDAR sensors of the built-in towns, measured on real scans: a Velodyne HDL-64E as in KITTI and an HDL-32E as
 * in nuScenes.
 *
 * @module
 */

import { cellNoise } from "../noise.ts";

/** A sensor that turns a fan of lasers. */
export interface Beams {
  /** Its name, and that of its data set's folder. */
  readonly name: "64-beams" | "32-beams";
  /** Elevation of each laser in radians, from the uppermost to the lowest. */
  readonly elevations: readonly number[];
  /** How far each laser looks to the left of the fan's middle, in radians. */
  readonly offsets: readonly number[];
  /** Firings of each laser in a turn. */
  readonly columns: number;
  /** Metres above the road. */
  readonly height: number;
  /** Metres beyond which nothing returns. */
  readonly range: number;
  /** Standard deviation of a distance, in metres. */
  readonly noise: number;
  /** The intensity of a return of 1. */
  readonly intensity: number;
  /** Steps of the intensity in its own unit. */
  readonly step: number;
  /** How fast the intensity fades with range: 0 where the sensor makes up for it. */
  readonly falloff: number;
  /**
   * Whether each firing has a row in the file, with a fifth number, the ring. A firing that did not return lies within
   * 0.9 m there, like the car itself. Otherwise only what returned is in the file, and the car hides the ground.
   */
  readonly everyFiring: boolean;
}

const DEGREE = Math.PI / 180;

/** `count` angles from `first` to `last` degrees in equal steps. */
function fan(first: number, last: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + (last - first) * index / (count - 1));
}

/** The 64 beams of KITTI: two blocks of 32 lasers, each laser a little off its place. */
export const beams64: Beams = {
  name: "64-beams",
  elevations: [...fan(2.6, -8.4, 32), ...fan(-8.9, -23.7, 32)].map((elevation, laser) =>
    (elevation + 0.1 * (cellNoise(laser, 0, 64) - 0.5)) * DEGREE
  ),
  offsets: Array.from({ length: 64 }, (_, laser) => 0.9 * (cellNoise(laser, 1, 64) - 0.5) * DEGREE),
  columns: 2011,
  height: 1.73,
  range: 80,
  noise: 0.02,
  intensity: 1,
  step: 0.01,
  falloff: 0.04,
  everyFiring: false,
};

/** The 32 beams of nuScenes: even steps, a wider view up and down, and the car in the way. */
export const beams32: Beams = {
  name: "32-beams",
  elevations: fan(10.67, -30.67, 32).map((elevation) => elevation * DEGREE),
  offsets: new Array<number>(32).fill(0),
  columns: 1084,
  height: 1.84,
  range: 100,
  noise: 0.02,
  intensity: 255,
  step: 1,
  falloff: 0.3,
  everyFiring: true,
};
