/**
 * The ground and the sky of the built-in towns: asphalt with its marks, paving, grass, clouds. These have no polygons
 * of their own.
 *
 * @module
 */

import { cellNoise, type Dice, fractalNoise, valueNoise } from "./noise.ts";
import type { Paint } from "./raster.ts";
import type { Street, Zone } from "./street.ts";
import { type Colour, dip, type TownStyle } from "./style.ts";

/** The materials of the ground of one picture. */
export class Ground {
  readonly #seed: number;
  readonly #paving: Colour;
  readonly #soil: Colour;
  readonly #asphalt: Colour;
  readonly #dashes: number;
  readonly #lanes: boolean;

  /** Throws the dice for the materials. */
  constructor(readonly style: TownStyle, readonly street: Street, dice: Dice) {
    this.#seed = dice.integer(0, 1e9);
    this.#paving = dice.pick(style.road.paving);
    this.#soil = dice.pick(style.road.soil);
    const age = dice.between(0.85, 1.15);
    const [red, green, blue] = style.road.asphalt;
    this.#asphalt = [red * age, green * age, blue * age];
    this.#dashes = dice.between(3, 5);
    this.#lanes = street.halfWidth > 6;
  }

  /** The colour `across` metres from the middle at `z`, seen from `depth` metres. */
  paint(zone: Zone, across: number, z: number, depth: number, paint: Paint): void {
    // Detail finer than a sample would only flicker. So it fades with distance.
    const detail = Math.min(1, 9 / depth);
    if (zone === "road") this.#road(across, z, detail, paint);
    else if (zone === "sidewalk" || zone === "paved") this.#pavement(across, z, detail, paint);
    else this.#grass(across, z, detail, paint);
  }

  #road(across: number, z: number, detail: number, paint: Paint): void {
    const { road } = this.style;
    const seed = this.#seed;
    let tone = 0.92 + 0.16 * valueNoise(across * 0.35, z * 0.12, seed) +
      detail * 0.22 * (cellNoise(across * 14, z * 14, seed + 1) - 0.5);
    if (road.wear > 0.2) {
      if (cellNoise(across / 2.7, z / 5.1, seed + 2) < 0.16) tone *= 0.78;
      const crack = Math.abs(fractalNoise(across * 0.7, z * 0.4, seed + 3) - 0.5);
      if (crack < 0.012) tone *= 1 - 0.4 * detail;
    }
    const distance = Math.abs(across);
    const gutter = this.street.halfWidth - distance;
    const inCrossing = !this.street.clear(z, 0);
    if (gutter > 0 && gutter < 0.35 && !inCrossing) tone *= 0.8;
    dip(paint, this.#asphalt, tone);
    if (!this.#marked(distance, z, inCrossing)) return;
    const left = 1 - road.wear * (0.35 + 0.9 * valueNoise(across * 2.1, z * 1.3, seed + 4));
    const [red, green, blue] = road.marking;
    const share = Math.max(0, Math.min(1, left));
    paint.red += (red - paint.red) * share;
    paint.green += (green - paint.green) * share;
    paint.blue += (blue - paint.blue) * share;
  }

  /** Whether there is paint on the road: middle line, lane and edge lines, zebra and stop lines at a crossing. */
  #marked(distance: number, z: number, inCrossing: boolean): boolean {
    if (inCrossing) return false;
    const { halfWidth, crossing } = this.street;
    const gap = Math.max(crossing[0] - z, z - crossing[1]);
    if (gap < 4) return gap > 1 && distance < halfWidth - 0.4 && (distance + 0.25) % 1 < 0.5;
    if (gap > 4.8 && gap < 5.3) return distance < halfWidth - 0.3;
    if (gap < 4.8) return false;
    const dash = (z + 1000) % (2 * this.#dashes) < this.#dashes;
    if (distance < 0.09) return dash || this.#lanes;
    if (this.#lanes && Math.abs(distance - halfWidth / 2) < 0.08) return dash;
    return this.style.road.edgeLines && Math.abs(distance - halfWidth + 0.5) < 0.08;
  }

  #pavement(across: number, z: number, detail: number, paint: Paint): void {
    const { slab } = this.style.road;
    const seed = this.#seed;
    const column = across / slab;
    const row = z / slab + (Math.floor(column) % 2) * 0.5;
    const stone = cellNoise(column, row, seed + 5) - 0.5;
    let tone = 0.92 + 0.16 * valueNoise(across * 0.6, z * 0.3, seed + 6) + 0.24 * stone * detail +
      0.1 * detail * (cellNoise(across * 15, z * 15, seed + 7) - 0.5);
    const joint = 0.05;
    if (column - Math.floor(column) < joint || row - Math.floor(row) < joint) tone *= 1 - 0.35 * detail;
    const kerb = Math.abs(across) - this.street.halfWidth;
    if (kerb < 0.22) tone *= kerb < 0.07 ? 0.72 : 1.16;
    dip(paint, this.#paving, tone);
  }

  #grass(across: number, z: number, detail: number, paint: Paint): void {
    const seed = this.#seed;
    const patch = fractalNoise(across * 0.4, z * 0.25, seed + 8);
    const blade = cellNoise(across * 9, z * 5, seed + 9) - 0.5;
    dip(paint, this.#soil, 0.72 + 0.5 * patch + 0.4 * detail * blade);
    if (patch > 0.62) paint.red *= 1 + (patch - 0.62) * 2.5;
  }
}

/** The sky of one picture. */
export class Sky {
  readonly #seed: number;
  readonly #cover: number;
  readonly #drift: number;

  /** Throws the dice for the clouds. */
  constructor(readonly style: TownStyle, dice: Dice) {
    this.#seed = dice.integer(0, 1e9);
    this.#cover = dice.within(style.light.clouds);
    this.#drift = dice.between(-3, 3);
  }

  /** The colour in the direction `across` to the right and `up` above the horizon, for a step of 1 forward. */
  paint(across: number, up: number, paint: Paint): void {
    const { zenith, horizon, cloud } = this.style.light;
    const share = Math.min(1, up / 0.55);
    const height = share * (2 - share);
    // A layer of clouds at a fixed height, seen in perspective.
    const far = 1 / (up + 0.08);
    const density = fractalNoise(across * far * 0.9 + this.#drift, far * 0.9, this.#seed) - (1 - this.#cover) * 0.75;
    const veil = Math.max(0, Math.min(1, density * 4.5)) * Math.min(1, up * 7);
    const light = 1.04 - 0.25 * Math.max(0, density);
    const mix = (axis: 0 | 1 | 2) => {
      const clear = horizon[axis] + (zenith[axis] - horizon[axis]) * height;
      return clear + (cloud[axis] * light - clear) * veil;
    };
    paint.red = mix(0);
    paint.green = mix(1);
    paint.blue = mix(2);
  }
}
