/**
 * The shapes of the cars of the built-in towns: a side profile, drawn out to the width of the car.
 *
 * @module
 */

import type { Dice } from "./noise.ts";

/** Points of the upper outline, from the front bumper to the rear one, in metres ahead and above the ground. */
export type Outline = readonly (readonly [ahead: number, up: number, glass?: boolean])[];

const SALOON: Outline = [
  [2.12, 0.28],
  [2.14, 0.62],
  [1.95, 0.76],
  [1.0, 0.92],
  [0.35, 1.4, true],
  [-0.85, 1.42],
  [-1.5, 1.0, true],
  [-2.05, 0.94],
  [-2.14, 0.62],
  [-2.1, 0.28],
];
const HATCHBACK: Outline = [
  [1.85, 0.28],
  [1.88, 0.64],
  [1.7, 0.8],
  [1.0, 0.96],
  [0.4, 1.46, true],
  [-1.25, 1.48],
  [-1.75, 0.98, true],
  [-1.86, 0.62],
  [-1.84, 0.28],
];
const VAN: Outline = [
  [2.3, 0.3],
  [2.34, 0.8],
  [2.15, 1.1],
  [1.6, 1.3],
  [1.1, 1.95, true],
  [-2.2, 2.0],
  [-2.3, 1.3, true],
  [-2.34, 0.7],
  [-2.3, 0.3],
];

/** A car: its profile, the height of its windows, half its width, and how that narrows above the windows. */
export interface CarShape {
  readonly outline: Outline;
  readonly belt: number;
  readonly half: number;
  /** Half the width at a height, in metres. */
  readonly inset: (up: number) => number;
}

/** Throws the dice for a car. */
export function pickCar(dice: Dice): CarShape {
  const outline = dice.pick([SALOON, SALOON, HATCHBACK, HATCHBACK, VAN]);
  const belt = outline === VAN ? 1.3 : 0.97;
  const half = outline === VAN ? 0.95 : 0.88;
  const roof = Math.max(...outline.map(([, up]) => up));
  return { outline, belt, half, inset: (up) => half - (up > belt ? 0.2 * (up - belt) / (roof - belt) : 0) };
}
