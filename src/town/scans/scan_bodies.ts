/**
 * What several things of a scanned street are made of: places of a thing, a body, a two-wheeler.
 *
 * @module
 */

import type { Dice } from "../noise.ts";
import type { Point, Skin } from "./ray_grid.ts";
import { Raw, type ScanScene } from "./scan_scene.ts";

/** A point of a thing: metres ahead of its middle, above the ground, to its right. */
export type Placed = (ahead: number, up: number, right: number) => Point;

/** The places of a thing that stands `across` metres from the middle at `z`, turned by `yaw` from the street. */
export function placed(scene: ScanScene, across: number, z: number, yaw: number, up = 0): Placed {
  const turn = Math.atan(scene.street.tilt + 2 * scene.street.bend * z) + yaw;
  const x = scene.street.x(across, z);
  const [sin, cos] = [Math.sin(turn), Math.cos(turn)];
  return (ahead, above, right) => scene.spot(x + sin * ahead + cos * right, up + above, z + cos * ahead - sin * right);
}

/** A body: two legs `stride` apart, two arms, a trunk and a head. */
export function addBody({ rays }: ScanScene, dice: Dice, place: Placed, label: number, stride: number): void {
  const size = dice.between(0.94, 1.12) * (dice.chance(0.1) ? 0.7 : 1);
  const cloth: Skin = { label, reflectance: dice.between(0.2, 0.65) };
  const legs: Skin = { label, reflectance: dice.between(0.15, 0.5) };
  const at: Placed = (ahead, up, right) => place(ahead * size, up * size, right * size);
  for (const side of [-1, 1]) {
    rays.bar(at(side * stride, 0.03, side * 0.1), at(0, 0.88, side * 0.1), 0.085 * size, legs);
    rays.bar(at(-side * stride * 0.8, 0.85, side * 0.26), at(0, 1.42, side * 0.22), 0.055 * size, cloth);
  }
  rays.ball(at(0, 1.16, 0), 0.2 * size, 0.36 * size, cloth);
  rays.ball(at(0, 1.64, 0), 0.11 * size, 0.14 * size, { label, reflectance: 0.35 });
}

/** A bicycle or a motorcycle: two wheels, a frame, a handlebar and a saddle. */
export function addTwoWheeler({ rays }: ScanScene, dice: Dice, place: Placed, label: number, size: number): void {
  const steel: Skin = { label, reflectance: dice.between(0.2, 0.5), gloss: 0.4 };
  const heavy = label === Raw.motorcycle;
  const radius = heavy ? 0.3 : 0.34;
  for (const hub of [-0.53 * size, 0.54 * size]) {
    const rim = Array.from({ length: 10 }, (_, index) => {
      const angle = index * Math.PI / 5;
      return place(hub + radius * Math.cos(angle), radius + radius * Math.sin(angle), 0);
    });
    // Spokes let most of the light through; a motorcycle's wheel is a disc.
    const spokes = (u: number, v: number) => heavy || (u * 37 + v * 53) % 1 < 0.45 ? steel : null;
    rays.face(rim, { ...steel, pattern: spokes });
  }
  const tube = heavy ? 0.13 : 0.035;
  const joints: readonly (readonly [number, number])[] = [[-0.52, 0.35], [-0.2, 0.85], [0.36, 0.85], [-0.06, 0.32]];
  for (const [from, to] of [[0, 1], [0, 3], [3, 1], [3, 2], [1, 2]] as const) {
    const [a, b] = [joints[from] ?? [0, 0], joints[to] ?? [0, 0]];
    rays.bar(place(a[0] * size, a[1], 0), place(b[0] * size, b[1], 0), tube, steel);
  }
  rays.bar(place(0.54 * size, 0.35, 0), place(0.36 * size, 1, 0), tube * 0.8, steel);
  rays.bar(place(0.36 * size, 1, -0.3), place(0.36 * size, 1, 0.3), 0.04, steel);
  if (heavy) rays.ball(place(0, 0.62, 0), 0.3, 0.26, steel);
}
