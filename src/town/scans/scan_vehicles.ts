/**
 * Cars, trucks, buses and two-wheelers of a scanned street.
 *
 * @module
 */

import { pickCar } from "../car_shapes.ts";
import { Dice } from "../noise.ts";
import type { Skin } from "./ray_grid.ts";
import { Raw, type ScanScene } from "./scan_scene.ts";
import { addBody, addTwoWheeler, type Placed, placed } from "./scan_bodies.ts";

/** Parks vehicles along the kerbs, and drives others on the lanes. */
export function addVehicles(scene: ScanScene): void {
  const { dice, street, style: { things }, bays } = scene;
  for (const [index, side] of ([-1, 1] as const).entries()) {
    const bay = bays[index] ?? 0;
    if (bay === 0 && street.halfWidth < 3.6) continue;
    const across = side * (street.halfWidth - (bay > 0 ? bay / 2 : 1.05));
    const occupied = bay > 0 ? dice.between(0.35, 0.9) : things.parked / 100 * 6.5 / 2 * dice.between(0.3, 1.7);
    for (let z = street.first + dice.between(2, 8); z < street.last - 4; z += dice.between(5.6, 7.2)) {
      // Each place has dice of its own, so that the car with the sensor changes nothing but the places beside it.
      const own = new Dice(dice.integer(0, 2 ** 31), 0, 0);
      if (!own.chance(occupied) || !street.clear(z, 8)) continue;
      const roll = own.next();
      const at = z;
      if (roll < 0.05) z += 3;
      if (scene.isTaken(across, at)) continue;
      const place = placed(scene, across, at, (side < 0 ? Math.PI : 0) + own.between(-0.04, 0.04));
      if (roll < 0.05) addTruck(scene, own, place);
      else if (roll < 0.13) addTwoWheeler(scene, own, place, Raw.motorcycle, 1.15);
      else addCar(scene, own, place);
    }
  }
  addTraffic(scene);
}

/** What moves: it has other places in each frame, and keeps clear of the car with the sensor. */
function addTraffic(scene: ScanScene): void {
  const { moment, street, style: { things } } = scene;
  for (const heading of [-1, 1] as const) {
    let z = street.first + moment.between(0, 25);
    while (z < street.last - 8) {
      const across = scene.lane(heading) + moment.between(-0.25, 0.25);
      const own = heading === scene.heading && Math.abs(z - scene.z) < 11;
      if (!own && !scene.isTaken(across, z) && moment.chance(Math.min(0.75, things.moving / 5))) {
        const place = placed(scene, across, z, (heading < 0 ? Math.PI : 0) + moment.between(-0.04, 0.04));
        const roll = moment.next();
        if (roll < 0.1) addBus(scene, moment, place);
        else if (roll < 0.2) addTruck(scene, moment, place);
        else if (roll < 0.34) addRider(scene, moment, place);
        else addCar(scene, moment, place);
      }
      z += moment.between(14, 34);
    }
  }
  const [start, end] = street.crossing;
  if (start === Infinity) return;
  for (const side of [-1, 1]) {
    if (!moment.chance(0.6)) continue;
    const z = (start + end) / 2 + side * 1.6;
    const across = side * moment.between(street.halfWidth + 4, 35);
    if (Math.abs(z - scene.z) > 5) addCar(scene, moment, placed(scene, across, z, Math.PI / 2 * moment.sign()));
  }
}

function glassSkin(label: number): Skin {
  return { label, reflectance: 0.08, gloss: 0.95, loss: 0.75 };
}

function addCar({ rays }: ScanScene, dice: Dice, place: Placed): void {
  const { outline, belt, half, inset } = pickCar(dice);
  const body: Skin = { label: Raw.car, reflectance: dice.between(0.08, 0.75), gloss: 0.96, loss: 0.04 };
  const glass = glassSkin(Raw.car);
  const rubber: Skin = { label: Raw.car, reflectance: 0.12 };
  const plate: Skin = { label: Raw.car, reflectance: 0.95 };
  outline.forEach(([ahead, up], index) => {
    const next = outline[index + 1];
    if (next === undefined) return;
    const [near, far] = [inset(up), inset(next[1])];
    const strip = [
      place(ahead, up, -near),
      place(ahead, up, near),
      place(next[0], next[1], far),
      place(next[0], next[1], -far),
    ];
    rays.face(strip, next[2] === true ? glass : body);
  });
  const [front, rear] = [outline[0]?.[0] ?? 2, outline[outline.length - 1]?.[0] ?? -2];
  const lower = outline.filter(([, up]) => up <= belt + 0.04);
  const cabin = outline.filter(([, up]) => up >= belt - 0.08);
  for (const side of [-1, 1]) {
    const flank = (points: typeof outline) => points.map(([ahead, up]) => place(ahead, up, side * inset(up)));
    rays.face(flank(lower), body);
    rays.face(flank(cabin), glass);
    for (const ahead of [front - 0.82, rear + 0.8]) wheel(place, ahead, side * (half + 0.02), 0.33);
  }
  for (const end of [front + 0.06, rear - 0.08]) {
    rays.face(
      [place(end, 0.42, -0.27), place(end, 0.42, 0.27), place(end, 0.54, 0.27), place(end, 0.54, -0.27)],
      plate,
    );
  }
  function wheel(at: Placed, ahead: number, right: number, radius: number): void {
    const rim = Array.from({ length: 8 }, (_, index) => {
      const angle = index * Math.PI / 4;
      return at(ahead + radius * Math.cos(angle), radius + radius * Math.sin(angle), right);
    });
    rays.face(rim, rubber);
  }
}

/** A box from `rear` to `front`, from `low` to `high`, `half` to both sides. */
function addBox(
  { rays }: ScanScene,
  place: Placed,
  [rear, front, low, high, half]: readonly [number, number, number, number, number],
  skin: Skin,
): void {
  for (const side of [-half, half]) {
    rays.face(
      [place(rear, low, side), place(front, low, side), place(front, high, side), place(rear, high, side)],
      skin,
    );
  }
  for (const end of [rear, front]) {
    rays.face([place(end, low, -half), place(end, low, half), place(end, high, half), place(end, high, -half)], skin);
  }
  rays.face(
    [place(rear, high, -half), place(rear, high, half), place(front, high, half), place(front, high, -half)],
    skin,
  );
}

function addTruck(scene: ScanScene, dice: Dice, place: Placed): void {
  const length = dice.between(3.6, 6);
  const cargo: Skin = { label: Raw.truck, reflectance: dice.between(0.25, 0.7), gloss: 0.4 };
  const cab: Skin = { label: Raw.truck, reflectance: dice.between(0.15, 0.6), gloss: 0.8 };
  addBox(scene, place, [-length / 2, length / 2 - 0.1, 0.95, dice.between(2.7, 3.5), 1.2], cargo);
  addBox(scene, place, [length / 2, length / 2 + 1.8, 0.45, 1.45, 1.1], cab);
  addBox(scene, place, [length / 2, length / 2 + 1.5, 1.45, 2.5, 1.05], { ...glassSkin(Raw.truck), loss: 0.55 });
  addBox(scene, place, [-length / 2 + 0.4, length / 2, 0.45, 0.95, 0.9], { label: Raw.truck, reflectance: 0.12 });
  addWheels(scene, place, [length / 2 + 0.7, -length / 2 + 1], 1.1, Raw.truck);
}

function addBus(scene: ScanScene, dice: Dice, place: Placed): void {
  const body: Skin = { label: Raw.bus, reflectance: dice.between(0.3, 0.7), gloss: 0.75 };
  const glass = glassSkin(Raw.bus);
  const pattern = (u: number, v: number): Skin => v > 1.05 && v < 2.1 && (u + 20) % 1.5 > 0.16 ? glass : body;
  addBox(scene, place, [-5.4, 5.4, 0.3, 3, 1.22], { ...body, pattern });
  addWheels(scene, place, [3.4, -3], 1.24, Raw.bus);
}

function addWheels({ rays }: ScanScene, place: Placed, axles: readonly number[], half: number, label: number): void {
  for (const axle of axles) {
    for (const side of [-half, half]) {
      const rim = Array.from({ length: 8 }, (_, index) => {
        const angle = index * Math.PI / 4;
        return place(axle + 0.47 * Math.cos(angle), 0.47 + 0.47 * Math.sin(angle), side);
      });
      rays.face(rim, { label, reflectance: 0.12 });
    }
  }
}

/** Somebody on a bicycle; both are one class. */
function addRider(scene: ScanScene, dice: Dice, place: Placed): void {
  addTwoWheeler(scene, dice, place, Raw.bicyclist, 1);
  addBody(scene, dice, (ahead, up, right) => place(ahead - 0.1, up + 0.12, right), Raw.bicyclist, 0.35);
}
