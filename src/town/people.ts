/**
 * People and bicycles of the built-in towns, upright cut-outs made of a few convex pieces.
 *
 * @module
 */

import type { Vertex } from "./raster.ts";
import { type Corner, Label, type Painter, plain, type Scene } from "./scene.ts";
import { type Colour, colour, dip } from "./style.ts";

const SKIN: readonly [Colour, ...Colour[]] = [colour(0xe0b090), colour(0xc08a68), colour(0x8a5a40), colour(0xf0c8a8)];
const HAIR: readonly [Colour, ...Colour[]] = [colour(0x2a2018), colour(0x5a3c20), colour(0x8a7050), colour(0x101010)];

/** Puts people on the pavements, on the zebra and a few in the road, and bicycles along the kerb. */
export function drawPeople(scene: Scene): void {
  const { dice, street, style: { things } } = scene;
  const inner = street.halfWidth + street.verge + 0.4;
  for (let left = scene.count(things.people, 100); left > 0; left--) {
    const z = 4.5 + 52 * dice.next() ** 1.5;
    const roll = dice.next();
    if (roll < 0.12 && street.crossing[0] < Infinity) {
      drawPerson(scene, dice.between(-0.9, 0.9) * street.halfWidth, street.crossing[0] - dice.between(1.3, 3.6));
    } else if (roll < 0.18) drawPerson(scene, dice.between(-1, 0.1) * street.halfWidth, z + 6);
    else {
      const across = dice.sign() * dice.between(inner, Math.max(inner + 0.2, street.propertyLine - 0.3));
      drawPerson(scene, across, z);
      if (dice.chance(0.35)) drawPerson(scene, across + 0.6, z + dice.between(-0.3, 0.3));
    }
  }
  for (let left = scene.count(things.bicycles, 100); left > 0; left--) {
    const side = dice.sign();
    const z = dice.between(5, 30);
    if (!street.clear(z, 3)) continue;
    const yaw = dice.between(-0.6, 0.6);
    for (let more = dice.integer(1, 3), at = z; more > 0; more--, at += 0.9) {
      drawBicycle(scene, side * (street.halfWidth + street.verge + dice.between(0.9, 1.2)), at, yaw);
    }
  }
}

function drawPerson(scene: Scene, across: number, z: number): void {
  const { dice, style } = scene;
  const x = scene.street.x(across, z);
  const size = dice.between(0.94, 1.12) * (dice.chance(0.1) ? 0.7 : 1);
  const lit = scene.sunReaches(across, 1, z);
  const stride = dice.between(-0.28, 0.28);
  const skin = plain(dice.pick(SKIN));
  const top = plain(dice.pick(style.clothes));
  const trousers = plain(
    dice.pick([colour(0x28304a), colour(0x303030), colour(0x5a5248), ...style.clothes.slice(0, 2)]),
  );
  const long = style.number === 2 ? dice.between(0.4, 0.75) : dice.between(0.72, 0.85);
  const piece = (corners: readonly Corner[], paint: Painter, nearer = 0) =>
    scene.cutOut(Label.person, x, z, corners.map(([a, up]) => [a * size, up * size]), paint, { lit, nearer });

  if (dice.chance(style.umbrellas)) {
    const dome = Array.from({ length: 7 }, (_, index): Corner => {
      const angle = index * Math.PI / 6;
      return [0.58 * Math.cos(angle), 1.82 + 0.34 * Math.sin(angle)];
    });
    piece(dome, plain(dice.pick([colour(0x202024), colour(0x8a2c2c), colour(0x2c4068), colour(0x8c8478)])), 0.05);
    piece([[-0.02, 1.1], [0.02, 1.1], [0.02, 1.9], [-0.02, 1.9]], plain(colour(0x404040)), 0.04);
  }
  const head = (radius: number, middle: number): Corner[] =>
    Array.from({ length: 8 }, (_, index) => {
      const angle = (index + 0.5) * Math.PI / 4;
      return [radius * Math.cos(angle), middle + radius * 1.15 * Math.sin(angle)];
    });
  piece(head(0.1, 1.61), skin, 0.03);
  piece(head(0.13, 1.64), plain(dice.pick(HAIR)), 0.02);
  piece([[-0.22, 1.46], [0.22, 1.46], [0.2, 0.9], [0.24, long], [-0.24, long], [-0.2, 0.9]], top, 0.01);
  for (const side of [-1, 1]) {
    const swing = stride * 0.5 * side;
    piece([[side * 0.2, 1.44], [side * 0.27, 1.4], [side * 0.28 - swing, 0.86], [side * 0.2 - swing, 0.84]], top);
    piece([[side * 0.28 - swing, 0.88], [side * 0.2 - swing, 0.88], [side * 0.21 - swing, 0.76], [
      side * 0.27 - swing,
      0.76,
    ]], skin);
    const foot = side * 0.09 + side * stride;
    piece([[side * 0.01, 0.88], [side * 0.19, 0.88], [foot + 0.08, 0.08], [foot - 0.08, 0.08]], trousers);
    piece([[foot - 0.09, 0], [foot + 0.11, 0], [foot + 0.08, 0.1], [foot - 0.08, 0.1]], plain(colour(0x241c18)));
  }
  scene.contact(x, z, 0.34 * size, 0.3);
}

/** A bicycle that stands at an angle to the street; 0 is across it. */
function drawBicycle(scene: Scene, across: number, z: number, yaw: number): void {
  const { dice } = scene;
  const x = scene.street.x(across, z);
  const [ahead, aside] = [Math.cos(yaw), Math.sin(yaw)];
  const lit = scene.sunReaches(across, 0.6, z);
  const frame = plain(
    dice.pick([colour(0x202428), colour(0xa02020), colour(0x2050a0), colour(0xc0c0b8), colour(0x1f6a4a)]),
  );
  const piece = (corners: readonly Corner[], paint: Painter, out: number, origin: Corner = [0, 0]) =>
    scene.face(
      Label.bicycle,
      corners.map(([a, up]): Vertex => [x + ahead * a, up, z + aside * a - out, a - origin[0], up - origin[1]]),
      paint,
      { lit, shadow: true },
    );
  const tube = (from: Corner, to: Corner, thickness = 0.045) => {
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    const a = (to[1] - from[1]) / length * thickness;
    const up = -(to[0] - from[0]) / length * thickness;
    piece(
      [[from[0] - a, from[1] - up], [from[0] + a, from[1] + up], [to[0] + a, to[1] + up], [to[0] - a, to[1] - up]],
      frame,
      0.02,
    );
  };
  const [rear, front, pedals, saddle, bar]: [Corner, Corner, Corner, Corner, Corner] = [
    [-0.52, 0.35],
    [0.54, 0.35],
    [-0.06, 0.3],
    [-0.2, 0.88],
    [0.36, 0.95],
  ];
  tube(rear, saddle);
  tube(rear, pedals);
  tube(pedals, saddle);
  tube(pedals, [0.36, 0.8]);
  tube([-0.17, 0.78], [0.36, 0.82]);
  tube(front, bar);
  tube([0.26, 0.98], [0.44, 0.98], 0.05);
  tube([-0.34, 0.92], [-0.1, 0.92], 0.06);
  for (const hub of [rear, front]) {
    const rim = Array.from({ length: 14 }, (_, index): Corner => [
      hub[0] + 0.35 * Math.cos(index * Math.PI / 7),
      hub[1] + 0.35 * Math.sin(index * Math.PI / 7),
    ]);
    piece(rim, wheel, 0, hub);
  }
  scene.contact(x, z, 0.8, 0.15, -yaw);
}

/** Tyre, hub and spokes; what is seen between the spokes belongs to the bicycle, as in Cityscapes. */
const wheel: Painter = (u, v, paint) => {
  const radius = Math.hypot(u, v);
  if (radius > 0.27 || radius < 0.05) return dip(paint, colour(0x18181a));
  const spoke = Math.abs(Math.sin(Math.atan2(v, u) * 4)) < 0.25;
  dip(paint, spoke ? colour(0xb0b0b0) : colour(0x6c6a66));
};
