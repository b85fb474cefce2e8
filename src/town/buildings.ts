/**
 * Houses of the built-in towns, their roofs, the rows behind them, and the fences of yards and gardens.
 *
 * @module
 */

import { cellNoise, valueNoise } from "./noise.ts";
import type { Paint, Vertex } from "./raster.ts";
import { Label, type Painter, plain, type Scene } from "./scene.ts";
import type { Lot } from "./street.ts";
import { type Colour, colour, dip } from "./style.ts";

/** Draws every lot of both sides, the rows behind them and the end of the street. */
export function drawLots(scene: Scene): void {
  const { street, dice } = scene;
  for (const lot of street.lots) {
    if (lot.kind === "building") drawHouse(scene, lot, lot.side === 0 ? -street.buildingLine : street.buildingLine);
    else if (lot.kind === "yard") drawFence(scene, lot, dice.between(1.3, 2.1));
    else if (lot.kind === "park" && dice.chance(0.5)) drawFence(scene, lot, dice.between(0.9, 1.3));
    const garden = street.buildingLine - street.propertyLine > 1;
    if (lot.kind === "building" && garden && dice.chance(0.65)) drawFence(scene, lot, dice.between(0.7, 1.1));
  }
  for (const side of [0, 1] as const) {
    for (let start = street.first; start < street.last;) {
      const end = start + dice.between(10, 18);
      const floors = dice.integer(1, scene.style.facade.floors[1]);
      const row = (street.buildingLine + dice.between(20, 26)) * (side === 0 ? -1 : 1);
      drawHouse(scene, { kind: "building", side, start, end, height: floors * 3.1, floors }, row);
      start = end + dice.between(0, 6);
    }
  }
  drawEnd(scene);
}

/**
 * A house: the facade to the street, the wall that faces the camera, and a roof. `line` is the distance of the facade
 * from the middle, negative on the left.
 */
function drawHouse(scene: Scene, lot: Lot, line: number): void {
  const { dice, street, style } = scene;
  const { start, end, height } = lot;
  const outward = Math.sign(line);
  const depth = dice.between(8, 12);
  const near = street.x(line, start);
  const far = street.x(line, end);
  const paint = facade(scene, lot);
  const length = end - start;
  scene.face(Label.building, [
    [near, 0, start, 0, 0],
    [far, 0, end, length, 0],
    [far, height, end, length, height],
    [near, height, start, 0, height],
  ], (u, v, out) => {
    paint(u, v, out);
    out.sun = scene.sunReaches(line, v, start + u) ? 1 : 0;
  });
  const back = near + outward * depth;
  scene.face(Label.building, [
    [near, 0, start, 0, 0],
    [back, 0, start, depth, 0],
    [back, height, start, depth, height],
    [near, height, start, 0, height],
  ], paint);
  if (!dice.chance(style.facade.gable)) return;
  drawRoof(scene, lot, line, outward * depth);
}

/** A gabled roof with its ridge along the street, and a chimney. */
function drawRoof(scene: Scene, { start, end, height }: Lot, line: number, depth: number): void {
  const { dice, street, style } = scene;
  const rise = dice.between(1.8, 3.2);
  const eave = line - Math.sign(depth) * 0.3;
  const ridge = line + depth / 2;
  const tiles = dice.pick(style.facade.roofs);
  const seed = dice.integer(0, 1e9);
  const roof: Painter = (u, v, paint) => {
    const course = v * 2.5 - Math.floor(v * 2.5);
    dip(paint, tiles, (course < 0.25 ? 0.78 : 1) * (0.85 + 0.3 * cellNoise(u * 2, v * 2.5, seed)));
  };
  const top = height + rise;
  scene.face(Label.building, [
    [street.x(eave, start), height - 0.1, start, 0, 0],
    [street.x(eave, end), height - 0.1, end, end - start, 0],
    [street.x(ridge, end), top, end, end - start, 4],
    [street.x(ridge, start), top, start, 0, 4],
  ], roof);
  scene.face(Label.building, [
    [street.x(line, start), height, start, 0, 0],
    [street.x(line + depth, start), height, start, Math.abs(depth), 0],
    [street.x(ridge, start), top, start, Math.abs(depth) / 2, rise],
  ], plain(dice.pick(style.facade.walls), 0.85));
  if (!dice.chance(0.6)) return;
  const z = dice.between(start + 0.5, end - 1.2);
  const x = street.x(ridge, z) - 0.4;
  const brick = plain(dice.pick(style.facade.walls), 0.7);
  const low = top - 0.6;
  const high = top + 1;
  scene.face(Label.building, [[x, low, z, 0, 0], [x + 0.8, low, z, 1, 0], [x + 0.8, high, z, 1, 1], [
    x,
    high,
    z,
    0,
    1,
  ]], brick);
  const side = street.x(line, z) > scene.raster.camera.x ? x : x + 0.8;
  scene.face(Label.building, [[side, low, z, 0, 0], [side, low, z + 0.8, 1, 0], [side, high, z + 0.8, 1, 1], [
    side,
    high,
    z,
    0,
    1,
  ]], brick);
}

/** Wall, windows, ground floor and cornice as a function of metres along the wall and above the ground. */
function facade(scene: Scene, lot: Lot): Painter {
  const { dice, style: { facade: style } } = scene;
  const seed = dice.integer(0, 1e9);
  const wall = dice.pick(style.walls);
  const trim = dice.pick(style.trims);
  const brick = dice.chance(style.brick);
  const bay = dice.within(style.bay);
  const floor = lot.height / lot.floors;
  const halfWidth = dice.within(style.windowWidth) / 2;
  const halfHeight = dice.within(style.windowHeight) / 2;
  const shop = dice.chance(style.shop);
  const awning = dice.pick([colour(0xa03028), colour(0x2a6048), colour(0x24406c), colour(0xb08a30)]);
  const door = dice.pick([colour(0x5a3420), colour(0x2c4a3a), colour(0x38404e), colour(0x7a2a24)]);
  const doorBay = dice.integer(0, 2);
  return (u, v, paint) => {
    const storey = Math.min(lot.floors - 1, Math.floor(v / floor));
    const column = Math.floor(u / bay);
    const fu = u / bay - column;
    const fv = v / floor - storey;
    const weather = 0.9 + 0.2 * valueNoise(u * 0.5, v * 0.3, seed);
    const foot = 0.72 + 0.28 * Math.min(1, v / 2.2);
    if (v > lot.height - 0.45) return dip(paint, trim, weather);
    if (storey === 0 && shop) return shopFront(fu, v, floor, awning, trim, column, seed, style.lit, paint);
    if (storey === 0 && column % 3 === doorBay && Math.abs(fu - 0.5) < 0.22 && fv < 0.72) {
      return dip(paint, Math.abs(fu - 0.5) < 0.17 && fv < 0.68 ? door : trim);
    }
    const du = Math.abs(fu - 0.5);
    const dv = Math.abs(fv - 0.52);
    if (du < halfWidth && dv < halfHeight) {
      const frame = halfWidth - du < 0.035 || halfHeight - dv < 0.035 || du < 0.015;
      if (frame) return dip(paint, trim, 0.95);
      return pane(column, storey, seed, style.lit, fv, paint);
    }
    if (du < halfWidth + 0.05 && fv < 0.52 - halfHeight && fv > 0.46 - halfHeight) return dip(paint, trim, 0.9);
    dip(paint, wall, weather * foot * (brick ? bricks(u, v, seed) : 1));
  };
}

function shopFront(
  fu: number,
  v: number,
  floor: number,
  awning: Colour,
  trim: Colour,
  column: number,
  seed: number,
  lit: number,
  paint: Paint,
): void {
  if (v > floor - 0.9) return dip(paint, awning, v > floor - 0.2 ? 0.8 : 1);
  if (v < 0.45 || fu < 0.06) return dip(paint, trim, 0.7);
  pane(column, -1, seed, lit * 2.2, v / floor, paint);
  if (paint.glow === 0 && v < 1.6) dip(paint, awning, 0.3);
}

/** Glass: a piece of sky at the top, the dark room below it, or warm light. */
function pane(column: number, storey: number, seed: number, lit: number, height: number, paint: Paint): void {
  const draw = cellNoise(column, storey, seed);
  if (draw < lit) {
    dip(paint, [1, 0.72, 0.34], 0.75 + 0.25 * height);
    paint.glow = 1;
    return;
  }
  const sky = 0.06 + 0.24 * Math.max(0, height - 0.35) + 0.12 * draw;
  paint.red = sky * 0.72;
  paint.green = sky * 0.9;
  paint.blue = sky * 1.15;
}

/** The tone of brickwork; the bricks are larger than life, so that they are seen at all. */
function bricks(u: number, v: number, seed: number): number {
  const course = Math.floor(v / 0.3);
  const along = u / 0.75 + (course & 1) * 0.5;
  if (v / 0.3 - course < 0.16 || along - Math.floor(along) < 0.07) return 1.25;
  return 0.72 + 0.42 * cellNoise(along, course, seed + 1);
}

/** A fence along the property line: pickets, rails and posts. */
function drawFence(scene: Scene, { side, start, end }: Lot, height: number): void {
  const { dice, street } = scene;
  const across = side === 0 ? -street.propertyLine : street.propertyLine;
  const wood = dice.pick(
    scene.style.number === 1
      ? [colour(0xf0ece0), colour(0xc09a6a), colour(0xa67a4c)]
      : [colour(0x4a3c34), colour(0x34363a), colour(0x6a5c50)],
  );
  const pitch = dice.between(0.3, 0.45);
  const gap = scene.style.number === 1 ? 0.3 : 0.45;
  const lit = scene.sunReaches(across, 0.5, (start + end) / 2);
  scene.face(Label.fence, [
    [street.x(across, start), 0, start, 0, 0],
    [street.x(across, end), 0, end, end - start, 0],
    [street.x(across, end), height, end, end - start, height],
    [street.x(across, start), height, start, 0, height],
  ], (u, v, paint) => {
    const place = u / pitch - Math.floor(u / pitch);
    const rail = Math.abs(v - height * 0.25) < 0.07 || Math.abs(v - height * 0.8) < 0.07;
    dip(paint, wood, place < gap && !rail ? 0.35 : rail ? 0.85 : 1);
  }, { lit, shadow: true });
}

/** The row of houses across the far end, and what is seen past it. */
function drawEnd(scene: Scene): void {
  const { dice, street } = scene;
  const z = street.last + 8;
  for (let x = street.middle(z) - 130; x < street.middle(z) + 130;) {
    const width = dice.between(9, 18);
    const floors = dice.integer(2, 4);
    const height = floors * 3.2;
    const lot: Lot = { kind: "building", side: 0, start: 0, end: width, height, floors };
    const corners: Vertex[] = [[x, 0, z, 0, 0], [x + width, 0, z, width, 0], [x + width, height, z, width, height], [
      x,
      height,
      z,
      0,
      height,
    ]];
    scene.face(Label.building, corners, facade(scene, lot));
    x += width;
  }
}
