/**
 * Cars and buses of the built-in towns: a side profile drawn out to the width of the vehicle.
 *
 * @module
 */

import { pickCar } from "./car_shapes.ts";
import type { Vertex } from "./raster.ts";
import { Label, lamp, type Painter, plain, type Scene } from "./scene.ts";
import { type Colour, colour, dip } from "./style.ts";

const GLASS = colour(0x2c3640);
const RUBBER = colour(0x1c1c1e);

/** Draws the parked and moving cars and, rarely, a bus. */
export function drawVehicles(scene: Scene): void {
  const { dice, street, style: { things } } = scene;
  const kerb = street.halfWidth - 1.15;
  if (street.halfWidth > 3.3) {
    for (const side of [-1, 1]) {
      const occupied = things.parked / 100 * 6.5 / 2 * dice.between(0.3, 1.9);
      for (let z = dice.between(side < 0 ? 3 : 7, 11); z < 90; z += dice.between(5.6, 7)) {
        if (dice.chance(occupied) && street.clear(z, 7)) drawCar(scene, side * kerb, z, side < 0 ? Math.PI : 0);
      }
    }
  }
  const lane = street.halfWidth * 0.42;
  const narrow = street.halfWidth < 5 ? 0.3 : 0;
  for (const side of [-1, 1]) {
    let z = dice.between(9, 22);
    for (let left = scene.count(things.moving, 50); left > 0; left--) {
      const across = side * (lane - narrow);
      if (dice.chance(things.bus / things.moving)) {
        drawBus(scene, across, z + 6, side < 0 ? Math.PI : 0);
        z += 8;
      } else drawCar(scene, across, z, (side < 0 ? Math.PI : 0) + dice.between(-0.05, 0.05));
      z += dice.between(9, 30);
    }
  }
  const [start, end] = street.crossing;
  if (start < Infinity && dice.chance(0.45)) {
    drawCar(scene, dice.between(-9, 9), (start + end) / 2, Math.PI / 2 * dice.sign());
  }
}

/** A point of a vehicle: metres ahead of its middle, above the ground, to its right. */
type Place = (ahead: number, up: number, right: number, u?: number, v?: number) => Vertex;

function placed(scene: Scene, across: number, z: number, yaw: number): Place {
  const along = Math.atan(scene.street.tilt + 2 * scene.street.bend * z) + yaw;
  const x = scene.street.x(across, z);
  const sin = Math.sin(along);
  const cos = Math.cos(along);
  return (ahead, up, right, u = 0, v = 0) => [x + sin * ahead + cos * right, up, z + cos * ahead - sin * right, u, v];
}

function drawCar(scene: Scene, across: number, z: number, yaw: number): void {
  const { dice, style } = scene;
  const { outline, belt, half, inset } = pickCar(dice);
  const body = plain(dice.pick(style.cars));
  const place = placed(scene, across, z, yaw);
  const lit = scene.sunReaches(across, 0.8, z);
  const draw = (polygon: Vertex[], paint: Painter, shadow = false) =>
    scene.face(Label.car, polygon, paint, { lit, shadow });

  outline.forEach(([ahead, up], index) => {
    const next = outline[index + 1];
    if (next === undefined) return;
    const strip = (margin: number, out: number): Vertex[] => {
      const near = inset(up) - margin;
      const far = inset(next[1]) - margin;
      const lift = out;
      const push = next[0] < 0 ? -out : out;
      return [
        place(ahead + push, up + lift, -near),
        place(ahead + push, up + lift, near),
        place(next[0] + push, next[1] + lift, far),
        place(next[0] + push, next[1] + lift, -far),
      ];
    };
    if (next[2] === true) draw(strip(0.1, 0.012), glass);
    draw(strip(0, 0), body, true);
  });
  const [front, rear] = [outline[0]?.[0] ?? 2, outline[outline.length - 1]?.[0] ?? -2];
  for (const side of [-1, 1]) {
    const flank = (points: readonly (readonly [number, number])[], out: number): Vertex[] =>
      points.map(([ahead, up]) => place(ahead, up, side * (inset(up) + out)));
    const lower = outline.filter(([, up]) => up <= belt + 0.04).map(([ahead, up]) => [ahead, up] as const);
    const cabin = outline.filter(([, up]) => up >= belt - 0.08).map(([ahead, up]) => [ahead, up] as const);
    for (const ahead of [front - 0.82, rear + 0.8]) drawWheel(scene, place, ahead, side * (half + 0.02), lit);
    const [middle] = [(cabin[0]?.[0] ?? 0) / 2 + (cabin[cabin.length - 1]?.[0] ?? 0) / 2];
    const windows = cabin.map(([ahead, up]) =>
      [middle + (ahead - middle) * 0.84, belt + 0.06 + (Math.max(up, belt) - belt) * 0.76] as const
    );
    draw(flank(windows, 0.012), glass);
    draw(flank(lower, 0), body, true);
    draw(flank(cabin, 0), body, true);
  }
  drawEnds(scene, place, front, rear, half, lit);
  scene.contact(...spot(place), half + 0.1, 2.2, Math.atan(scene.street.tilt + 2 * scene.street.bend * z) + yaw);
}

/** Lights, plates and the dark gap below the bumpers. */
function drawEnds(scene: Scene, place: Place, front: number, rear: number, half: number, lit: boolean): void {
  const night = scene.style.light.lamps > 0;
  const box = (ahead: number, low: number, high: number, left: number, right: number): Vertex[] => [
    place(ahead, low, left),
    place(ahead, low, right),
    place(ahead, high, right),
    place(ahead, high, left),
  ];
  for (const [at, out] of [[front, 0.06], [rear, -0.08]] as const) {
    const end = at + out;
    const isFront = at === front;
    const light = isFront ? colour(0xfff4d8) : colour(0xe01810);
    for (const side of [-1, 1]) {
      const [left, right] = side < 0 ? [-half + 0.06, -half + 0.4] : [half - 0.4, half - 0.06];
      const low = isFront ? 0.58 : 0.66;
      scene.face(Label.car, box(end, low, low + 0.17, left, right), night ? lamp(light, 1.4) : plain(light, 0.9), {
        lit,
      });
      if (night) {
        const [x, y, z] = place(end, low + 0.08, (left + right) / 2);
        const seen = isFront === (place(1, 0, 0)[2] < place(0, 0, 0)[2]);
        if (seen) scene.glow(x, y, z, isFront ? 0.5 : 0.35, isFront ? [0.8, 0.76, 0.62] : [0.5, 0.05, 0.03]);
      }
    }
    scene.face(Label.car, box(end, 0.42, 0.55, -0.27, 0.27), plain(colour(0xe8e6dc)), { lit });
    scene.face(Label.car, box(end, 0.1, 0.36, -half + 0.05, half - 0.05), plain(RUBBER), { lit: false });
  }
  for (const side of [-half + 0.06, half - 0.06]) {
    const skirt: Vertex[] = [
      place(rear, 0.12, side),
      place(front, 0.12, side),
      place(front, 0.4, side),
      place(rear, 0.4, side),
    ];
    scene.face(Label.car, skirt, plain(RUBBER), { lit: false });
  }
}

function drawWheel(scene: Scene, place: Place, ahead: number, right: number, lit: boolean, radius = 0.34): void {
  const rim = Array.from({ length: 10 }, (_, index) => {
    const u = radius * Math.cos(index * Math.PI / 5);
    const v = radius * Math.sin(index * Math.PI / 5);
    return place(ahead + u, radius + v, right, u, v);
  });
  const hub = colour(0x9a9ca0);
  scene.face(radius > 0.4 ? Label.bus : Label.car, rim, (u, v, paint) => {
    dip(paint, u * u + v * v < radius * radius * 0.33 ? hub : RUBBER);
  }, { lit });
}

const glass: Painter = (_u, _v, paint) => dip(paint, GLASS, 1);

function spot(place: Place): [number, number] {
  const [x, , z] = place(0, 0, 0);
  return [x, z];
}

function drawBus(scene: Scene, across: number, z: number, yaw: number): void {
  const { dice } = scene;
  const place = placed(scene, across, z, yaw);
  const livery = dice.pick<Colour>(
    scene.style.number === 1
      ? [colour(0xd8b020), colour(0xd05020), colour(0x2a8a8a)]
      : [colour(0xb03424), colour(0x2c4a78), colour(0xc89030)],
  );
  const [half, long, high] = [1.22, 5.4, 3];
  const lit = scene.sunReaches(across, 1.5, z);
  const night = scene.style.light.lamps > 0;
  const window: Painter = (u, v, paint) => {
    dip(paint, night ? [0.85, 0.75, 0.5] : GLASS, night ? 0.16 + 0.16 * Math.sin(u * 5 + v) ** 2 : 1);
    paint.glow = night ? 0.8 : 0;
  };
  const flank: Painter = (u, v, paint) => {
    const pillar = (u + 20) % 1.5 < 0.16;
    if (v > 1.35 && v < 2.4 && !pillar && Math.abs(u) < long - 0.15) window(u, v, paint);
    else dip(paint, v < 0.7 || v > 2.75 ? colour(0xd8d8d4) : livery);
  };
  const end: Painter = (u, v, paint) => {
    if (v > 1.2 && v < 2.5 && Math.abs(u) < half - 0.12) window(0, v, paint);
    else if (v > 0.65 && v < 0.9 && Math.abs(u) > half - 0.4) dip(paint, colour(0xd84030));
    else if (v > 2.6 && v < 2.9 && Math.abs(u) < 0.8) dip(paint, colour(0x20221c));
    else dip(paint, livery, v < 0.6 ? 0.6 : 1);
  };
  for (const side of [-half, half]) {
    for (const ahead of [3.4, -3]) drawWheel(scene, place, ahead, side * 1.015, lit, 0.48);
    scene.face(
      Label.bus,
      [
        place(-long, 0.3, side, -long, 0.3),
        place(long, 0.3, side, long, 0.3),
        place(long, high, side, long, high),
        place(-long, high, side, -long, high),
      ],
      flank,
      { lit, shadow: true },
    );
  }
  for (const ahead of [-long, long]) {
    scene.face(
      Label.bus,
      [
        place(ahead, 0.3, -half, -half, 0.3),
        place(ahead, 0.3, half, half, 0.3),
        place(ahead, high, half, half, high),
        place(ahead, high, -half, -half, high),
      ],
      end,
      { lit, shadow: true },
    );
  }
  scene.contact(
    ...spot(place),
    half + 0.15,
    long + 0.1,
    Math.atan(scene.street.tilt + 2 * scene.street.bend * z) + yaw,
  );
}
