/**
 * Trees, bushes and hedges of the built-in towns.
 *
 * @module
 */

import { valueNoise } from "./noise.ts";
import { SUN_SHADOW, type Vertex } from "./raster.ts";
import { type Corner, Label, type Painter, plain, type Scene } from "./scene.ts";
import { type Colour, colour, dip } from "./style.ts";

/** Plants street trees along the kerbs, trees in parks and yards, and bushes in front of the houses. */
export function drawPlants(scene: Scene): void {
  const { dice, street, style: { things } } = scene;
  const alley = street.halfWidth + (street.verge > 0 ? street.verge / 2 : 0.8);
  for (const side of [-1, 1]) {
    // Street trees come in rows: a side has many or none.
    if (!dice.chance(Math.min(0.9, things.trees / 14))) continue;
    for (let z = dice.between(5, 12); z < 120; z += dice.between(7, 12)) {
      if (street.clear(z, 3)) drawTree(scene, side * alley, z, dice.between(0.75, 1.1));
    }
  }
  for (const { kind, side, start, end } of street.lots) {
    const sign = side === 0 ? -1 : 1;
    const middle = street.propertyLine + 2;
    if (kind === "park" || kind === "yard") {
      for (let z = start + 1; z < end; z += dice.between(2.5, 6)) {
        drawTree(scene, sign * (middle + dice.between(0, 9)), z, dice.between(0.8, 1.4));
      }
    } else if (kind === "building" && street.buildingLine > middle && dice.chance(things.bushes / 12)) {
      for (let z = start + 1; z < end - 1; z += dice.between(1.5, 4)) {
        drawBush(scene, sign * (street.propertyLine + dice.between(0.6, 1.4)), z);
      }
    }
  }
}

function drawTree(scene: Scene, across: number, z: number, size: number): void {
  const { dice, style } = scene;
  const x = scene.street.x(across, z);
  const trunk = dice.between(1.9, 2.6) * size;
  const bark = dice.pick([colour(0x5a4430), colour(0x4a3c30), colour(0x6a5a48)]);
  const wide = dice.between(1.3, 2.1) * size;
  const tall = dice.between(1.3, 2.2) * size;
  const leaf = dice.pick(style.leaves);
  const lit = scene.sunReaches(across, trunk + 2, z);
  const stem: Corner[] = [[-0.17, 0], [0.17, 0], [0.12, trunk + tall], [-0.12, trunk + tall]];
  scene.cutOut(Label.vegetation, x, z, stem, plain(bark), { lit });
  for (let count = dice.integer(6, 9); count > 0; count--) {
    const angle = dice.between(0, 2 * Math.PI);
    const reach = dice.next() ** 0.5 * 0.75;
    const up = trunk + tall * (1 + Math.sin(angle) * reach);
    const radius = dice.between(0.5, 0.75) * Math.min(wide, tall);
    drawBlob(scene, x + Math.cos(angle) * wide * reach, up, z - dice.between(-0.8, 0.8), radius, leaf, lit, up - trunk);
  }
  scene.contact(x, z, wide * 0.5, wide * 0.4);
}

function drawBush(scene: Scene, across: number, z: number): void {
  const { dice, style } = scene;
  const x = scene.street.x(across, z);
  const leaf = dice.pick(style.leaves);
  const lit = scene.sunReaches(across, 0.8, z);
  for (let count = dice.integer(1, 3); count > 0; count--) {
    const radius = dice.between(0.4, 0.75);
    drawBlob(scene, x + dice.between(-0.5, 0.5), radius * 0.8, z + dice.between(-0.3, 0.3), radius, leaf, lit, 1);
  }
}

/** A ball of leaves with a ragged edge, lit from above. `depthInCrown` is its height above the lowest leaves. */
function drawBlob(
  scene: Scene,
  x: number,
  up: number,
  z: number,
  radius: number,
  leaf: Colour,
  lit: boolean,
  depthInCrown: number,
): void {
  const { dice, sun, raster } = scene;
  const seed = dice.integer(0, 1e9);
  const base = dice.between(0.8, 1.1) * Math.min(1, 0.7 + 0.12 * depthInCrown);
  const grain = 3.2;
  const paint: Painter = (u, v, out) => {
    const leaves = valueNoise(u * grain, v * grain, seed) +
      0.6 * valueNoise(u * grain * 2.7, v * grain * 2.7, seed + 1);
    dip(out, leaf, base * (0.42 + 0.62 * leaves + 0.3 * v / radius));
    out.sun = Math.max(0, Math.min(1, 0.25 + 0.55 * leaves + 0.4 * v / radius));
  };
  const cut = (u: number, v: number) =>
    u * u + v * v > radius * radius * (0.55 + 0.9 * valueNoise(u * 2.6 + 40, v * 2.6, seed + 2));
  const reach = radius * 1.2;
  const corners: Vertex[] = [
    [x - reach, up - reach, z, -reach, -reach],
    [x + reach, up - reach, z, reach, -reach],
    [x + reach, up + reach, z, reach, reach],
    [x - reach, up + reach, z, -reach, reach],
  ];
  raster.fill(corners, {
    label: Label.vegetation,
    ambient: 0.85,
    sun: lit ? Math.max(0.3, 0.75 - 0.35 * sun[2]) : 0,
    paint,
    cut,
  });
  if (!lit || scene.style.light.sun[0] === 0) return;
  const shadow = Array.from({ length: 8 }, (_, index): Vertex => {
    const a = radius * 0.9 * Math.cos(index * Math.PI / 4);
    const b = radius * 0.9 * Math.sin(index * Math.PI / 4);
    return [x + a - up * sun[0] / sun[1], 0, z + b - up * sun[2] / sun[1], 0, 0];
  });
  raster.shade(shadow, SUN_SHADOW);
}
