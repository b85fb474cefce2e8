/**
 * The plan of a street of a built-in town: its middle line, the strips of road, verge and pavement, a crossing street,
 * and what stands on the lots of both sides. This only plans; other files draw.
 *
 * @module
 */

import type { Dice } from "./noise.ts";
import type { TownStyle } from "./style.ts";

/** What stands on a lot beside the street. */
export type LotKind = "building" | "park" | "yard" | "opening";

/** A stretch of one side of the street, from `start` to `end` metres. `height` of a building is to its eaves. */
export interface Lot {
  readonly kind: LotKind;
  readonly side: 0 | 1;
  readonly start: number;
  readonly end: number;
  readonly height: number;
  readonly floors: number;
}

/** What the ground is at a place. */
export type Zone = "road" | "verge" | "sidewalk" | "garden" | "paved";

const FIRST = -24;
const LAST = 150;

/**
 * One street. `side` is 0 on the left and 1 on the right. `across` is metres from the middle, positive to the right.
 */
export class Street {
  readonly halfWidth: number;
  /** Width of the grass between kerb and pavement; 0 where there is none. */
  readonly verge: number;
  readonly sidewalk: number;
  /** Distance of the property line and of the facades from the middle. */
  readonly propertyLine: number;
  readonly buildingLine: number;
  /** Slope and curvature of the middle line: x = tilt·z + bend·z². */
  readonly tilt: number;
  readonly bend: number;
  /** Where the crossing street starts and ends, in metres along this street; both infinite where there is none. */
  readonly crossing: readonly [start: number, end: number];
  readonly lots: readonly Lot[];
  readonly #heights: readonly [Float32Array, Float32Array];
  readonly #gardens: readonly [Uint8Array, Uint8Array];

  /** Throws the dice for a street that reaches from `first` to `last` metres. */
  constructor(style: TownStyle, dice: Dice, readonly first = FIRST, readonly last = LAST) {
    const length = last - first;
    this.#heights = [new Float32Array(length), new Float32Array(length)];
    this.#gardens = [new Uint8Array(length), new Uint8Array(length)];
    const { road, lots } = style;
    this.halfWidth = dice.within(road.halfWidth);
    this.verge = dice.chance(road.verge) ? dice.within(road.vergeWidth) : 0;
    this.sidewalk = dice.within(road.sidewalk);
    this.propertyLine = this.halfWidth + this.verge + this.sidewalk;
    this.buildingLine = this.propertyLine + (dice.chance(lots.setback) ? dice.within(lots.garden) : 0);
    this.tilt = dice.between(-0.04, 0.04);
    this.bend = dice.within(road.bend);
    const start = dice.between(14, 45);
    this.crossing = dice.chance(road.crossing) ? [start, start + dice.between(6, 10)] : [Infinity, Infinity];
    this.lots = [...this.#plan(style, dice, 0), ...this.#plan(style, dice, 1)];
    for (const { side, start, end, kind, height } of this.lots) {
      for (let z = Math.floor(start); z < Math.floor(end); z++) {
        this.#heights[side][z - first] = kind === "building" ? height + 1 : 0;
        this.#gardens[side][z - first] = kind === "opening" ? 0 : 1;
      }
    }
  }

  /** The x of the middle line at `z`. */
  middle(z: number): number {
    return this.tilt * z + this.bend * z * z;
  }

  /** The x of a place `across` metres from the middle. */
  x(across: number, z: number): number {
    return this.middle(z) + across;
  }

  /** The height of the building on a side at `z`, 0 where there is none. */
  heightAt(side: 0 | 1, z: number): number {
    return this.#heights[side][Math.floor(z) - this.first] ?? 0;
  }

  /** Whether a stretch around `z` is free of the crossing street. */
  clear(z: number, margin: number): boolean {
    return z < this.crossing[0] - margin || z > this.crossing[1] + margin;
  }

  /** What the ground is `across` metres from the middle at `z`. */
  zone(across: number, z: number): Zone {
    const distance = Math.abs(across);
    const beyond = Math.max(this.crossing[0] - z, z - this.crossing[1]);
    if (distance < this.halfWidth || beyond < 0) return "road";
    if (beyond < this.sidewalk && distance > this.halfWidth) return "sidewalk";
    if (distance < this.halfWidth + this.verge) return "verge";
    if (distance < this.propertyLine) return "sidewalk";
    const garden = this.#gardens[across < 0 ? 0 : 1][Math.floor(z) - this.first] ?? 1;
    return garden === 1 ? "garden" : "paved";
  }

  #plan({ lots, facade }: TownStyle, dice: Dice, side: 0 | 1): Lot[] {
    const [from, to] = this.crossing;
    const plan: Lot[] = [];
    const floors = dice.integer(facade.floors[0], facade.floors[1]);
    for (let start = this.first + dice.between(0, 6); start < this.last;) {
      const corner = from - this.sidewalk - 1;
      if (start > corner - 3 && start < to + this.sidewalk + 1) {
        start = to + this.sidewalk + 1;
        continue;
      }
      let end = Math.min(start + dice.within(lots.length), this.last);
      if (start < corner && end > corner - 3) end = corner;
      const roll = dice.next();
      const kind = roll < lots.building ? "building" : roll < lots.building + lots.park ? "park" : "yard";
      const storeys = Math.max(1, floors + dice.integer(-1, 1));
      const height = storeys * dice.within(facade.floorHeight) + 0.6;
      plan.push({ kind, side, start, end, height, floors: storeys });
      start = end;
      if (kind === "building" && dice.chance(0.15) && start + 3 < corner) {
        plan.push({ kind: "opening", side, start, end: start + 3, height: 0, floors: 0 });
        start += 3;
      }
    }
    return plan;
  }
}
