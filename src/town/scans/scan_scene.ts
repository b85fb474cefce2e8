/**
 * The stage of a scan of a built-in town. It holds the street, the place of the car that carries the sensor, and the
 * rays. It turns places of the street into the sensor's coordinates and lays the ground.
 *
 * @module
 */

import { cellNoise, Dice, fractalNoise, valueNoise } from "../noise.ts";
import { Street } from "../street.ts";
import { type TownStyle, townStyles } from "../style.ts";
import type { Beams } from "./beams.ts";
import { type Point, RayGrid, type Skin } from "./ray_grid.ts";

/** Raw class ids of SemanticKITTI, for what the towns hold. */
export const Raw = {
  outlier: 1,
  car: 10,
  bicycle: 11,
  bus: 13,
  motorcycle: 15,
  truck: 18,
  person: 30,
  bicyclist: 31,
  road: 40,
  parking: 44,
  sidewalk: 48,
  building: 50,
  fence: 51,
  marking: 60,
  vegetation: 70,
  trunk: 71,
  terrain: 72,
  pole: 80,
  sign: 81,
  other: 99,
} as const;

/** Which scan of which streets. */
export interface ScanPlace {
  /** Seed of all streets. */
  readonly seed: number;
  /** Number of the street. */
  readonly street: number;
  /** Number of the scan in its street: the car drives 8 m from one to the next. */
  readonly frame: number;
}

/** Metres from one frame to the next. */
const DRIVE = 8;

/** One scan in the making. */
export class ScanScene {
  /** Dice of the street: the same for all of its frames. */
  readonly dice: Dice;
  /** Dice of the frame. */
  readonly moment: Dice;
  readonly style: TownStyle;
  readonly street: Street;
  readonly rays: RayGrid;
  /** Whether the car drives towards growing z: 1, or −1. */
  readonly heading: 1 | -1;
  /** Where the sensor is along the street, in metres. */
  readonly z: number;
  readonly #across: number;
  /** Width of the parking bays on the left and on the right, in metres; 0 where there are none. */
  readonly bays: readonly [number, number];
  readonly #axes: readonly [Point, Point, Point];
  readonly #origin: Point;
  readonly #hill: readonly [height: number, length: number, phase: number];
  readonly #banks: readonly [number, number];
  readonly #ground: Ground;

  /** Throws the dice for the street, the ground and the place of the car. */
  constructor(beams: Beams, { seed, street, frame }: ScanPlace) {
    this.dice = new Dice(seed, 3, street);
    this.moment = new Dice(seed, 4, street * 4096 + frame);
    const { dice, moment } = this;
    const style = dice.chance(0.5) ? townStyles.source : townStyles.target;
    const bend: [number, number] = [style.road.bend[0] / 2, style.road.bend[1] / 2];
    // Streets are scanned where a car drives far: with gardens and parks, and less crowded than a picture may be.
    const lots = { ...style.lots, building: 0.46, park: 0.4, setback: 0.8, garden: [3, 12] as const };
    this.style = { ...style, road: { ...style.road, bend }, lots };
    this.street = new Street(this.style, dice, -100, 190);
    const bay = () => this.street.halfWidth > 4.4 && dice.chance(0.5) ? dice.between(2, 2.3) : 0;
    this.bays = [bay(), bay()];
    this.#hill = [dice.between(0, 0.9), dice.between(25, 60), dice.between(0, 2 * Math.PI)];
    this.#banks = [dice.between(-0.02, 0.14), dice.between(-0.02, 0.14)];
    this.#ground = new Ground(dice);
    this.heading = dice.chance(0.5) ? 1 : -1;
    this.rays = new RayGrid(beams, moment.integer(0, 1e9));
    this.z = 45 + this.heading * (frame * DRIVE - 16) + moment.between(0, 3);
    this.#across = this.lane(this.heading) + moment.between(-0.3, 0.3);
    const ahead = Math.atan(this.street.tilt + 2 * this.street.bend * this.z) + moment.between(-0.05, 0.05);
    const yaw = ahead + (this.heading > 0 ? 0 : Math.PI);
    const slope = Math.atan((this.lift(this.z + 1) - this.lift(this.z - 1)) / 2) * this.heading;
    this.#axes = axes(yaw, slope + moment.between(-0.006, 0.006), moment.between(-0.012, 0.012));
    this.#origin = [this.street.x(this.#across, this.z), this.lift(this.z) + beams.height, this.z];
  }

  /** The middle of the lane in which traffic drives towards growing (1) or falling (−1) z. */
  lane(heading: number): number {
    return heading * this.street.halfWidth * (this.street.halfWidth < 5 ? 0.36 : 0.42);
  }

  /** Whether the car with the sensor leaves no room for another vehicle at a place. */
  isTaken(across: number, z: number): boolean {
    return Math.abs(z - this.z) < 7.5 && Math.abs(across - this.#across) < 2.4;
  }

  /** Height of the road at `z`. */
  lift(z: number): number {
    const [height, length, phase] = this.#hill;
    return height * Math.sin(z / length + phase);
  }

  /** A place `across` metres from the middle of the street at `z`, `up` above the road. */
  at(across: number, up: number, z: number): Point {
    return this.spot(this.street.x(across, z), up, z);
  }

  /** A place of the town: `x` to the right, `up` above the road. */
  spot(x: number, up: number, z: number): Point {
    const [ox, oy, oz] = this.#origin;
    const [dx, dy, dz] = [x - ox, up + this.lift(z) - oy, z - oz];
    const along = ([ax, ay, az]: Point) => ax * dx + ay * dy + az * dz;
    return [along(this.#axes[0]), along(this.#axes[1]), along(this.#axes[2])];
  }

  /** How many things stand on `length` metres, given their mean per 100 m. */
  count(dice: Dice, perHundred: number, length: number): number {
    return Math.floor(perHundred * length / 100 * dice.between(0.4, 1.6) + dice.next());
  }

  /** Lays the ground under all rays that look down. It comes last, so that most rays are taken. */
  layGround(): void {
    const { rays } = this;
    const [ox, oy, oz] = this.#origin;
    const [first, second, third] = this.#axes;
    for (let ray = 0; ray < rays.distance.length; ray++) {
      const [x, y, z] = [rays.x[ray] ?? 0, rays.y[ray] ?? 0, rays.z[ray] ?? 0];
      const dy = first[1] * x + second[1] * y + third[1] * z;
      if (dy > -0.012) continue;
      const dx = first[0] * x + second[0] * y + third[0] * z;
      const dz = first[2] * x + second[2] * y + third[2] * z;
      let distance = (oy - this.lift(oz)) / -dy;
      const taken = rays.distance[ray] ?? 0;
      if (taken < 0.6 * distance) continue;
      let miss = 1;
      for (let turn = 0; turn < 4 && Math.abs(miss) > 0.01; turn++) {
        const height = this.#height(ox + distance * dx, oz + distance * dz);
        miss = oy + distance * dy - height;
        distance += miss / -dy * 0.9;
      }
      if (Math.abs(miss) > 0.2 || distance >= taken) continue;
      const [px, pz] = [ox + distance * dx, oz + distance * dz];
      rays.meet(ray, distance, -dy, this.#ground.skin(this, px - this.street.middle(pz), pz));
    }
  }

  /** Height of the ground in the town's coordinates. */
  #height(x: number, z: number): number {
    const { street } = this;
    const across = x - street.middle(z);
    const zone = street.zone(across, z);
    const base = this.lift(z);
    if (zone === "road") return base - 0.0006 * across * across;
    if (zone !== "garden") return base + 0.13 + (zone === "verge" ? this.#ground.bumps(x, z) * 0.3 : 0);
    const bank = this.#banks[across < 0 ? 0 : 1] * Math.min(12, Math.abs(across) - street.propertyLine);
    return base + 0.13 + bank + this.#ground.bumps(x, z);
  }
}

/** The axes ahead, to the left and upwards of a car, in the town's coordinates. */
function axes(yaw: number, pitch: number, roll: number): [Point, Point, Point] {
  const [sy, cy] = [Math.sin(yaw), Math.cos(yaw)];
  const [sp, cp] = [Math.sin(pitch), Math.cos(pitch)];
  const [sr, cr] = [Math.sin(roll), Math.cos(roll)];
  const left: Point = [-cy, 0, sy];
  const up: Point = [-sy * sp, cp, -cy * sp];
  const mix = (a: number, b: number): Point => [
    a * left[0] + b * up[0],
    a * left[1] + b * up[1],
    a * left[2] + b * up[2],
  ];
  return [[sy * cp, sp, cy * cp], mix(cr, sr), mix(-sr, cr)];
}

/** What the ground is made of. */
class Ground {
  readonly #seed: number;
  readonly #dash: number;
  readonly #road: Skin;
  readonly #marking: Skin;
  readonly #parking: Skin;
  readonly #sidewalk: Skin;
  readonly #grass: Skin;

  constructor(dice: Dice) {
    this.#seed = dice.integer(0, 1e9);
    this.#dash = dice.between(3, 5);
    this.#road = { label: Raw.road, reflectance: dice.between(0.22, 0.32), gloss: 0.25 };
    this.#marking = { label: Raw.marking, reflectance: dice.between(0.45, 0.75) };
    this.#parking = { label: Raw.parking, reflectance: dice.between(0.27, 0.38), gloss: 0.15 };
    this.#sidewalk = { label: Raw.sidewalk, reflectance: dice.between(0.28, 0.4), gloss: 0.15 };
    this.#grass = { label: Raw.terrain, reflectance: dice.between(0.32, 0.46) };
  }

  /** Bumps of unpaved ground, in metres. */
  bumps(x: number, z: number): number {
    return 0.16 * (fractalNoise(x * 0.5, z * 0.5, this.#seed) - 0.5) +
      0.06 * (cellNoise(x * 9, z * 9, this.#seed + 1) - 0.5);
  }

  /** What lies `across` metres from the middle at `z`. */
  skin({ street, bays }: ScanScene, across: number, z: number): Skin {
    const zone = street.zone(across, z);
    if (zone === "verge" || zone === "garden") return this.#grass;
    if (zone === "paved") return this.#parking;
    if (zone === "sidewalk") return this.#sidewalk;
    if (!street.clear(z, 0)) return this.#road;
    const distance = Math.abs(across);
    const bay = bays[across < 0 ? 0 : 1];
    if (bay > 0 && distance > street.halfWidth - bay && street.clear(z, 7)) return this.#parking;
    const dash = ((z + 1000) % (2 * this.#dash)) < this.#dash;
    const worn = valueNoise(across * 2, z, this.#seed + 2) < 0.25;
    return distance < 0.09 && dash && !worn ? this.#marking : this.#road;
  }
}
