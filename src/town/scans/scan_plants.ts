/**
 * Trees, bushes and hedges of a scanned street, and what stands there on poles.
 *
 * @module
 */

import type { Skin } from "./ray_grid.ts";
import { Raw, type ScanScene } from "./scan_scene.ts";
import { placed } from "./scan_bodies.ts";

/** Plants street trees along the kerbs, trees in parks and yards, and bushes in front of the houses. */
export function addPlants(scene: ScanScene): void {
  const { dice, street, style: { things } } = scene;
  const alley = street.halfWidth + (street.verge > 0 ? street.verge / 2 : 0.8);
  for (const side of [-1, 1]) {
    // Street trees come in rows: a side has many or none.
    if (!dice.chance(Math.min(0.7, things.trees / 14))) continue;
    const pitch = dice.between(8, 14);
    for (let z = street.first + dice.between(0, 12); z < street.last; z += pitch * dice.between(0.9, 1.1)) {
      if (street.clear(z, 3)) addTree(scene, side * alley, z, dice.between(0.8, 1.3));
    }
  }
  for (const { kind, side, start, end } of street.lots) {
    const sign = side === 0 ? -1 : 1;
    const middle = street.propertyLine + 2;
    if (kind === "park" || kind === "yard") {
      for (let z = start + 1; z < end; z += dice.between(2.5, 6)) {
        addTree(scene, sign * (middle + dice.between(0, 14)), z, dice.between(0.8, 1.6));
        if (dice.chance(0.6)) addBush(scene, sign * (middle + dice.between(-1, 8)), z + dice.between(0, 2));
      }
      if (dice.chance(0.4)) addHedge(scene, sign * (street.propertyLine + 0.5), start, end);
    } else if (kind === "building" && street.buildingLine > middle) {
      if (dice.chance(0.4)) addHedge(scene, sign * (street.propertyLine + 0.5), start, end);
      for (let z = start + 1; z < end - 1; z += dice.between(1.5, 7)) {
        const across = sign * dice.between(street.propertyLine + 1, street.buildingLine - 0.6);
        if (dice.chance(0.3)) addTree(scene, across, z, dice.between(0.6, 1.1));
        else addBush(scene, across, z);
      }
    }
    // Trees of back gardens stand above fences and between houses.
    for (let z = start; z < end; z += dice.between(4, 14)) {
      addTree(scene, sign * (street.buildingLine + dice.between(12, 20)), z, dice.between(1, 1.9));
    }
  }
}

function addTree(scene: ScanScene, across: number, z: number, size: number): void {
  const { dice, rays } = scene;
  const trunk = dice.between(1.4, 2.6) * size;
  const [wide, tall] = [dice.between(1.3, 2.3) * size, dice.between(1.3, 2.4) * size];
  const bark: Skin = { label: Raw.trunk, reflectance: dice.between(0.28, 0.5) };
  const leaves = leafSkin(scene);
  const lean = dice.between(-0.2, 0.2);
  const radius = dice.between(0.1, 0.24) * size;
  rays.bar(scene.at(across, -0.3, z), scene.at(across + lean, trunk + 0.3, z), radius, bark);
  for (let branch = dice.integer(2, 4); branch > 0; branch--) {
    const angle = dice.between(0, 2 * Math.PI);
    const tip = scene.at(across + Math.cos(angle) * wide * 0.6, trunk + tall, z + Math.sin(angle) * wide * 0.6);
    rays.bar(scene.at(across + lean, trunk, z), tip, radius * 0.45, bark);
  }
  for (let count = dice.integer(5, 9); count > 0; count--) {
    const angle = dice.between(0, 2 * Math.PI);
    const reach = dice.next() ** 0.5 * 0.8;
    const middle = scene.at(
      across + Math.cos(angle) * wide * reach,
      trunk + tall * dice.between(0.4, 1.8),
      z + Math.sin(angle) * wide * reach,
    );
    rays.ball(middle, dice.between(0.5, 0.8) * wide, dice.between(0.5, 0.8) * tall, leaves, dice.between(0.5, 1.6));
  }
}

/** A hedge: leaves in a row, as high as they are trimmed. */
function addHedge(scene: ScanScene, across: number, start: number, end: number): void {
  const { dice, rays } = scene;
  const leaves = leafSkin(scene);
  const height = dice.between(0.5, 1.1);
  for (let z = start; z < end; z += 0.75) {
    const radius = dice.between(0.5, 0.65);
    rays.ball(scene.at(across + dice.between(-0.1, 0.1), height * 0.9, z), radius, height, leaves, 5);
  }
}

function addBush(scene: ScanScene, across: number, z: number): void {
  const { dice, rays } = scene;
  const leaves = leafSkin(scene);
  for (let count = dice.integer(1, 3); count > 0; count--) {
    const radius = dice.between(0.4, 0.9);
    const middle = scene.at(across + dice.between(-0.5, 0.5), radius * 0.8, z + dice.between(-0.4, 0.4));
    rays.ball(middle, radius, radius * dice.between(0.8, 1.3), leaves, dice.between(3, 8));
  }
}

function leafSkin({ dice }: ScanScene): Skin {
  return { label: Raw.vegetation, reflectance: dice.between(0.3, 0.55) };
}

/** Puts lamps, signs, traffic lights, poles and boxes along both kerbs. */
export function addFurniture(scene: ScanScene): void {
  const { dice, street, style: { things } } = scene;
  const kerb = street.halfWidth + 0.45;
  const length = street.last - street.first;
  const along = (perHundred: number, add: (across: number, z: number) => void) => {
    for (let left = scene.count(dice, perHundred, length); left > 0; left--) {
      const z = dice.between(street.first, street.last);
      const across = dice.sign() * kerb;
      if (street.clear(z, 1)) add(across, z);
    }
  };
  const spacing = 200 / things.lamps;
  for (const side of [-1, 1]) {
    for (let z = street.first + dice.between(4, spacing); z < street.last; z += spacing) {
      if (street.clear(z, 1)) addLamp(scene, side * kerb, z, side);
    }
  }
  along(things.signs * 1.2, (across, z) => addSign(scene, across, z));
  along(things.poles + 1.5, (across, z) => {
    const [height, radius] = dice.chance(0.5) ? [1, 0.1] : [8, 0.14];
    scene.rays.bar(scene.at(across, -0.2, z), scene.at(across, height, z), radius, metal(scene));
  });
  along(1.5, (across, z) => addBin(scene, across + Math.sign(across) * 0.7, z));
  if (street.crossing[0] === Infinity) return;
  for (const side of [-1, 1]) {
    if (dice.chance(0.75)) addTrafficLight(scene, side * kerb, street.crossing[0] - 0.6);
    if (dice.chance(0.5)) addTrafficLight(scene, side * kerb, street.crossing[1] + 0.6);
  }
}

function metal({ dice }: ScanScene): Skin {
  return { label: Raw.pole, reflectance: dice.between(0.2, 0.5), gloss: 0.3 };
}

function addLamp(scene: ScanScene, across: number, z: number, side: number): void {
  const { dice, rays } = scene;
  const steel = metal(scene);
  const height = dice.between(4.6, 7.5);
  const reach = across - side * dice.between(0.7, 2.2);
  rays.bar(scene.at(across, -0.2, z), scene.at(across, height, z), dice.between(0.07, 0.12), steel);
  rays.bar(scene.at(across, height, z), scene.at(reach, height, z), 0.06, steel);
  rays.ball(scene.at(reach, height, z), 0.28, 0.12, steel);
}

/** A disc, a triangle or a board on a pole, which faces along the street. It sends nearly all light back. */
function addSign(scene: ScanScene, across: number, z: number): void {
  const { dice, rays } = scene;
  const height = dice.between(2.1, 2.7);
  rays.bar(scene.at(across, -0.2, z), scene.at(across, height + 0.2, z), 0.05, metal(scene));
  const [sides, size] = dice.pick<readonly [number, number]>([[10, 0.36], [3, 0.46], [4, 0.42]]);
  const place = placed(scene, across, z, dice.sign() > 0 ? Math.PI : 0);
  const wide = dice.chance(0.25) ? 1.6 : 1;
  const corners = Array.from({ length: sides }, (_, index) => {
    const angle = (index + (sides === 4 ? 0.5 : 0.75)) * 2 * Math.PI / sides;
    return place(0.08, height + size * Math.sin(angle), size * wide * Math.cos(angle));
  });
  rays.face(corners, { label: Raw.sign, reflectance: dice.between(0.7, 0.99) });
}

function addTrafficLight(scene: ScanScene, across: number, z: number): void {
  const { dice, rays } = scene;
  const low = dice.between(2.3, 2.8);
  rays.bar(scene.at(across, -0.2, z), scene.at(across, low + 0.3, z), 0.08, metal(scene));
  rays.bar(scene.at(across, low, z), scene.at(across, low + 1.05, z), 0.18, { label: Raw.other, reflectance: 0.15 });
}

/** A bin or a cabinet: an object that has no class. */
function addBin(scene: ScanScene, across: number, z: number): void {
  const { dice, rays } = scene;
  const radius = dice.between(0.25, 0.45);
  const skin: Skin = { label: Raw.other, reflectance: dice.between(0.15, 0.5), gloss: 0.4 };
  rays.bar(scene.at(across, 0, z), scene.at(across, dice.between(0.9, 1.4), z), radius, skin);
}
