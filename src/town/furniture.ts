/**
 * What stands on poles in the built-in towns: street lamps, signs, traffic lights, and poles for their own sake.
 *
 * @module
 */

import { type Corner, Label, lamp, type Painter, plain, type Scene } from "./scene.ts";
import { type Colour, colour, dip } from "./style.ts";

const WHITE = colour(0xf4f4f0);
const RED = colour(0xd01c1c);
const BLUE = colour(0x1c50b8);
const BLACK = colour(0x181818);

/** Draws the furniture of both kerbs and of the crossing. */
export function drawFurniture(scene: Scene): void {
  const { dice, street, style } = scene;
  const { things } = style;
  const kerb = street.halfWidth + 0.45;
  const along = (perHundred: number, draw: (across: number, z: number) => void, from = 6, to = 80) => {
    for (let left = scene.count(perHundred, to - from); left > 0; left--) {
      const z = from + (to - from) * dice.next() ** 1.3;
      const across = dice.sign() * kerb;
      if (street.clear(z, 1)) draw(across, z);
    }
  };
  const spacing = 200 / things.lamps;
  for (const side of [-1, 1]) {
    for (let z = dice.between(4, spacing); z < 110; z += spacing) {
      if (street.clear(z, 1)) drawLamp(scene, side * kerb, z, side);
    }
  }
  along(things.signs, (across, z) => drawSign(scene, across, z), 6, 42);
  along(things.poles, (across, z) => drawPole(scene, across, z));
  along(things.lights, (across, z) => drawTrafficLight(scene, across, z), 7, 32);
  if (street.crossing[0] < Infinity) {
    for (const side of [-1, 1]) {
      if (dice.chance(0.75)) drawTrafficLight(scene, side * kerb, street.crossing[0] - 0.6);
      if (dice.chance(0.5)) drawTrafficLight(scene, side * kerb, street.crossing[1] + 0.6);
    }
  }
}

function post(width: number, height: number, from = 0): Corner[] {
  return [[-width / 2, from], [width / 2, from], [width / 2 * 0.8, height], [-width / 2 * 0.8, height]];
}

function steel(scene: Scene): Painter {
  return plain(
    scene.dice.pick(
      scene.style.number === 1
        ? [colour(0x9aa0a4), colour(0x7c8488), colour(0xb0b4b6)]
        : [colour(0x4c4e50), colour(0x3a3e3c), colour(0x6a6a66)],
    ),
  );
}

function drawLamp(scene: Scene, across: number, z: number, side: number): void {
  const { dice, style } = scene;
  const x = scene.street.x(across, z);
  const height = style.number === 1 ? dice.between(6, 7.5) : dice.between(4.6, 5.6);
  const reach = -side * (style.number === 1 ? dice.between(1.2, 2.2) : 0.7);
  const metal = steel(scene);
  const lit = scene.sunReaches(across, 3, z);
  scene.cutOut(Label.pole, x, z, post(0.2, height), metal, { lit });
  const [left, right] = [Math.min(0, reach), Math.max(0, reach)];
  scene.cutOut(
    Label.pole,
    x,
    z,
    [[left, height - 0.1], [right, height - 0.1], [right, height], [left, height]],
    metal,
    {
      lit,
    },
  );
  const on = dice.chance(style.light.lamps);
  const head: Corner[] = [[reach - 0.3, height - 0.28], [reach + 0.3, height - 0.28], [reach + 0.22, height + 0.02], [
    reach - 0.22,
    height + 0.02,
  ]];
  scene.cutOut(Label.pole, x, z, head, on ? lamp([1, 0.78, 0.45], 2) : metal, { lit, nearer: 0.05 });
  if (on) scene.glow(x + reach, height - 0.15, z, 1.5, [0.85, 0.55, 0.25]);
  scene.contact(x, z, 0.2, 0.2);
}

function drawPole(scene: Scene, across: number, z: number): void {
  const { dice, style } = scene;
  const x = scene.street.x(across, z);
  const lit = scene.sunReaches(across, 2, z);
  if (style.number === 1 || dice.chance(0.4)) {
    // A bollard.
    scene.cutOut(Label.pole, x, z, post(0.24, 1), plain(colour(0x50545a)), { lit });
    return;
  }
  const wood = plain(colour(0x54463a));
  scene.cutOut(Label.pole, x, z, post(0.3, 8), wood, { lit });
  for (const up of [7.1, 7.6]) {
    scene.cutOut(Label.pole, x, z, [[-0.9, up], [0.9, up], [0.9, up + 0.14], [-0.9, up + 0.14]], wood, { lit });
  }
  scene.contact(x, z, 0.3, 0.3);
}

type Shape = { corners: Corner[]; paint: Painter };

function drawSign(scene: Scene, across: number, z: number): void {
  const { dice } = scene;
  const x = scene.street.x(across, z);
  const lit = scene.sunReaches(across, 2, z);
  const height = dice.between(2.2, 2.7);
  const { corners, paint } = dice.pick(signs(dice.between(0.42, 0.52)));
  scene.cutOut(Label.trafficSign, x, z, corners.map(([a, up]) => [a, up + height]), (u, v, out) => {
    paint(u, v - height, out);
  }, { lit, nearer: 0.06 });
  scene.cutOut(Label.pole, x, z, post(0.14, height + 0.2), steel(scene), { lit });
  scene.contact(x, z, 0.15, 0.15);
}

/** Prohibition, mandatory, warning, priority and direction signs of radius `size`, around (0, 0). */
function signs(size: number): [Shape, ...Shape[]] {
  const ring = (sides: number, turn: number, scale = 1): Corner[] =>
    Array.from({ length: sides }, (_, index) => {
      const angle = (index + turn) * 2 * Math.PI / sides;
      return [scale * size * Math.cos(angle), scale * size * Math.sin(angle)];
    });
  const disc = (rim: Colour, field: Colour): Painter => (u, v, paint) =>
    dip(paint, Math.hypot(u, v) > size * 0.68 ? rim : field);
  const warning: Painter = (u, v, paint) => {
    const inside = v > -size * 0.28 && Math.abs(u) < (size * 0.55 - v) * 0.55;
    dip(paint, inside ? WHITE : RED);
  };
  const board: Painter = (u, v, paint) => {
    const edge = Math.abs(u) > size * 1.25 || Math.abs(v) > size * 0.6;
    const text = Math.abs(v) < size * 0.22 && Math.abs(u) < size * 0.9;
    dip(paint, edge || text ? WHITE : BLUE);
  };
  return [
    { corners: ring(12, 0), paint: disc(RED, WHITE) },
    { corners: ring(12, 0), paint: disc(WHITE, BLUE) },
    { corners: ring(8, 0.5), paint: disc(RED, RED) },
    { corners: ring(3, 0.75, 1.2), paint: warning },
    { corners: ring(4, 0, 1.1), paint: plain(colour(0xf0c020)) },
    {
      corners: [[-size * 1.4, -size * 0.75], [size * 1.4, -size * 0.75], [size * 1.4, size * 0.75], [
        -size * 1.4,
        size * 0.75,
      ]],
      paint: board,
    },
  ];
}

function drawTrafficLight(scene: Scene, across: number, z: number): void {
  const { dice, style } = scene;
  const x = scene.street.x(across, z);
  const lit = scene.sunReaches(across, 3, z);
  const height = dice.between(2.3, 2.8);
  const [low, high] = [height, height + 1.15];
  const lens = dice.pick([0, 0, 1, 2, 2]);
  const colours = [colour(0x20e070), colour(0xffc020), colour(0xff2a1a)] as const;
  const housing = style.number === 1 ? colour(0x2e3a30) : BLACK;
  const on = colours[lens] ?? colours[0];
  const paint: Painter = (u, v, out) => {
    const place = (v - low - 0.08) / 0.34;
    const which = Math.floor(place);
    dip(out, housing);
    if (Math.hypot(u, (place - which - 0.5) * 0.34) > 0.15) return;
    if (which !== lens) return dip(out, colour(0x403830));
    dip(out, on);
    out.glow = 1.2;
  };
  const box: Corner[] = [[-0.25, low], [0.25, low], [0.25, high], [-0.25, high]];
  scene.cutOut(Label.trafficLight, x, z, box, paint, { lit, nearer: 0.08 });
  scene.cutOut(Label.pole, x, z, post(0.16, low + 0.3), steel(scene), { lit });
  if (style.light.lamps > 0) scene.glow(x, low + 0.25 + 0.34 * lens, z, 0.5, [on[0] * 0.6, on[1] * 0.6, on[2] * 0.6]);
  scene.contact(x, z, 0.15, 0.15);
}
