/**
 * Houses, walls and fences of a scanned street.
 *
 * @module
 */

import { cellNoise } from "../noise.ts";
import type { Lot } from "../street.ts";
import type { Point, Skin } from "./ray_grid.ts";
import { Raw, type ScanScene } from "./scan_scene.ts";

/** The ground plan of a house: a corner, the facade's direction and length, and how far it reaches behind. */
interface Plan {
  readonly x: number;
  readonly z: number;
  readonly along: readonly [x: number, z: number];
  readonly length: number;
  readonly depth: number;
  readonly height: number;
  readonly floors: number;
}

/** Builds every lot of both sides, the rows behind them and the houses along the crossing street. */
export function addHouses(scene: ScanScene): void {
  const { street, dice } = scene;
  for (const lot of street.lots) {
    if (lot.kind === "building") addHouse(scene, facing(scene, lot, street.buildingLine));
    else if (lot.kind === "yard") addFence(scene, lot, dice.between(1.3, 2.1));
    else if (lot.kind === "park" && dice.chance(0.4)) addFence(scene, lot, dice.between(0.9, 1.3));
    const garden = street.buildingLine - street.propertyLine > 1;
    if (lot.kind === "building" && garden && dice.chance(0.5)) addFence(scene, lot, dice.between(0.7, 1.1));
  }
  for (const side of [0, 1] as const) {
    for (let start = street.first; start < street.last;) {
      const end = start + dice.between(10, 18);
      const floors = dice.integer(1, 4);
      const lot: Lot = { kind: "building", side, start, end, height: floors * 3.1, floors };
      if (street.clear(start, 6) && street.clear(end, 6)) {
        addHouse(scene, facing(scene, lot, street.buildingLine + dice.between(22, 30)));
      }
      start = end + dice.between(0, 12);
    }
    addCrossingRow(scene, side === 0 ? -1 : 1);
  }
}

/** The plan of a house whose facade stands `line` metres from the middle of the street. */
function facing({ street, dice }: ScanScene, { side, start, end, height, floors }: Lot, line: number): Plan {
  const across = side === 0 ? -line : line;
  const [near, far] = [street.x(across, start), street.x(across, end)];
  const length = Math.hypot(far - near, end - start);
  const along: [number, number] = [(far - near) / length, (end - start) / length];
  const depth = dice.between(8, 12) * (side === 0 ? -1 : 1);
  return { x: near, z: start, along, length, depth, height, floors };
}

/** Houses along the crossing street, on both of its sides. */
function addCrossingRow(scene: ScanScene, side: 1 | -1): void {
  const { street, dice } = scene;
  const [from, to] = street.crossing;
  if (from === Infinity) return;
  for (const [line, depth] of [[from - street.sidewalk - 1, 9], [to + street.sidewalk + 1, -9]] as const) {
    for (let across = street.buildingLine + 13; across < 85;) {
      const length = dice.between(8, 16);
      const floors = dice.integer(1, 4);
      const x = street.x(side * across, line);
      if (dice.chance(0.75)) {
        addHouse(scene, { x, z: line, along: [side, 0], length, depth: depth * side, height: floors * 3.1, floors });
      }
      across += length + dice.between(0, 5);
    }
  }
}

/** A house: four walls with windows, and a flat or a gabled roof. */
function addHouse(scene: ScanScene, plan: Plan): void {
  const { dice, rays, style } = scene;
  const { along: [ax, az], length, depth, height, floors } = plan;
  const corner = (u: number, w: number, up: number): Point =>
    scene.spot(plan.x + ax * u + az * w, up, plan.z + az * u - ax * w);
  const wall = facade(scene, height, floors);
  const face = (points: readonly Point[], skin: Skin) => rays.face(points, skin);
  const inside = corner(length / 2, depth / 2, 0);
  const side = (u0: number, w0: number, u1: number, w1: number) => {
    const [from, to] = [corner(u0, w0, -0.6), corner(u1, w1, -0.6)];
    if (isHidden(from, to, inside)) return;
    face([from, to, corner(u1, w1, height), corner(u0, w0, height)], wall);
  };
  side(0, 0, length, 0);
  side(length, depth, 0, depth);
  side(0, depth, 0, 0);
  side(length, 0, length, depth);
  if (!dice.chance(style.facade.gable)) return;
  const tiles: Skin = { label: Raw.building, reflectance: dice.between(0.2, 0.4), gloss: 0.2 };
  const top = height + dice.between(1.8, 3.2);
  const eave = Math.sign(depth) * 0.35;
  const ridge = [corner(length, depth / 2, top), corner(0, depth / 2, top)];
  face([corner(0, -eave, height - 0.1), corner(length, -eave, height - 0.1), ...ridge], tiles);
  face([corner(0, depth + eave, height - 0.1), corner(length, depth + eave, height - 0.1), ...ridge], tiles);
  for (const u of [0, length]) face([corner(u, 0, height), corner(u, depth, height), corner(u, depth / 2, top)], wall);
}

/** Whether the sensor, at the origin, stands on the inner side of a wall, so that another wall of the house hides it. */
function isHidden([ax, ay]: Point, [bx, by]: Point, [ix, iy]: Point): boolean {
  const side = (x: number, y: number) => (bx - ax) * (y - ay) - (by - ay) * (x - ax);
  return side(0, 0) * side(ix, iy) > 0;
}

/** A wall with windows and doors. Most of the light that meets a window does not come back. */
function facade({ dice, style: { facade: style } }: ScanScene, height: number, floors: number): Skin {
  const seed = dice.integer(0, 1e9);
  const wall: Skin = { label: Raw.building, reflectance: dice.between(0.28, 0.55), gloss: 0.2 };
  const trim: Skin = { ...wall, reflectance: dice.between(0.4, 0.7) };
  const glass: Skin = { label: Raw.building, reflectance: 0.06, gloss: 0.9, loss: 0.25, recess: 0.14 };
  const room: Skin = { label: Raw.building, reflectance: 0.3, loss: 0.15, recess: dice.between(0.2, 1.6) };
  const door: Skin = { label: Raw.building, reflectance: 0.2, gloss: 0.4, recess: 0.2 };
  const bay = dice.within(style.bay);
  const floor = height / floors;
  const halfWidth = dice.within(style.windowWidth) / 2;
  const halfHeight = dice.within(style.windowHeight) / 2;
  const shop = dice.chance(style.shop);
  const doorBay = dice.integer(0, 2);
  const pattern = (u: number, v: number): Skin => {
    const up = v - 0.6;
    const storey = Math.min(floors - 1, Math.floor(up / floor));
    const column = Math.floor(u / bay);
    const fu = Math.abs(u / bay - column - 0.5);
    const fv = up / floor - storey;
    if (up > height - 0.4) return trim;
    if (storey === 0 && shop && fu < 0.42 && up > 0.5 && up < floor - 0.8) return glass;
    if (storey === 0 && Math.abs(column) % 3 === doorBay && fu < 0.18 && fv < 0.68) return door;
    const dv = Math.abs(fv - 0.52);
    if (fu > halfWidth || dv > halfHeight || up < 0) return wall;
    if (halfWidth - fu < 0.04 || halfHeight - dv < 0.04) return trim;
    return cellNoise(column, storey, seed) < 0.35 ? room : glass;
  };
  return { ...wall, pattern };
}

/** A fence or a wall along the property line. */
function addFence(scene: ScanScene, { side, start, end }: Lot, height: number): void {
  const { dice, street, rays } = scene;
  const across = side === 0 ? -street.propertyLine : street.propertyLine;
  const solid: Skin = { label: Raw.fence, reflectance: dice.between(0.25, 0.45), gloss: 0.2 };
  const pitch = dice.between(0.3, 0.45);
  const open = dice.pick([0, 0.35, 0.55]);
  const pattern = (u: number, v: number): Skin | null => {
    const rail = Math.abs(v - height * 0.25) < 0.07 || Math.abs(v - height * 0.85) < 0.07;
    return rail || u / pitch - Math.floor(u / pitch) >= open ? solid : null;
  };
  for (let from = start; from < end - 0.5; from += 8) {
    const to = Math.min(end, from + 8);
    const foot = [scene.at(across, 0, from), scene.at(across, 0, to)];
    rays.face([...foot, scene.at(across, height, to), scene.at(across, height, from)], { ...solid, pattern });
  }
}
