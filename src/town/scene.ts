/**
 * The stage of a picture of a built-in town. It holds the dice, the street, the sun and the raster. It can draw a flat
 * face, an upright cut-out or a light. Faces receive light by their direction and throw shadows on the ground.
 *
 * @module
 */

import { Dice } from "./noise.ts";
import { CONTACT_SHADOW, type Paint, Raster, SUN_SHADOW, type Surface, type Vertex } from "./raster.ts";
import { Street } from "./street.ts";
import { type Colour, dip, type TownStyle } from "./style.ts";

/** The order of the classes, as in Cityscapes; `label` numbers in the town's files are these. */
export const Label = {
  road: 0,
  sidewalk: 1,
  building: 2,
  fence: 3,
  pole: 4,
  trafficLight: 5,
  trafficSign: 6,
  vegetation: 7,
  terrain: 8,
  sky: 9,
  person: 10,
  car: 11,
  bus: 12,
  bicycle: 13,
  ignored: 255,
} as const;

/** A light that spills over its neighbourhood in the finished picture. `size` is a radius in metres. */
export interface Glow {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly size: number;
  readonly colour: Colour;
}

/** A function that colours a face. */
export type Painter = (u: number, v: number, paint: Paint) => void;

/** A face of one colour. */
export function plain(shade: Colour, brightness = 1): Painter {
  return (_u, _v, paint) => dip(paint, shade, brightness);
}

/** A face that emits its colour. */
export function lamp(shade: Colour, strength = 1): Painter {
  return (_u, _v, paint) => {
    dip(paint, shade);
    paint.glow = strength;
  };
}

/** A corner of an upright cut-out: metres to the right of its foot and above it. */
export type Corner = readonly [across: number, up: number];

/** One picture in the making. */
export class Scene {
  readonly dice: Dice;
  readonly street: Street;
  readonly raster: Raster;
  readonly glows: Glow[] = [];
  /** Direction to the sun, of length 1. */
  readonly sun: readonly [number, number, number];

  /** Throws the dice for light, camera and street. `height` and `width` are in samples. */
  constructor(readonly style: TownStyle, seed: number, index: number, height: number, width: number) {
    const dice = new Dice(seed, style.number, index);
    this.dice = dice;
    const elevation = dice.within(style.light.elevation);
    const azimuth = dice.between(0, 2 * Math.PI);
    this.sun = [Math.cos(elevation) * Math.cos(azimuth), Math.sin(elevation), Math.cos(elevation) * Math.sin(azimuth)];
    this.street = new Street(style, dice);
    const lane = this.street.halfWidth * dice.between(0.3, 0.55);
    this.raster = new Raster(height, width, {
      x: lane,
      height: dice.within(style.camera.height),
      yaw: Math.atan(this.street.tilt) + dice.within(style.camera.yaw),
      focal: dice.within(style.camera.focal) * width,
      horizon: dice.within(style.camera.horizon) * height,
    });
  }

  /** Whether the sun reaches a point: `across` metres from the middle of the street at `z`, `y` above ground. */
  sunReaches(across: number, y: number, z: number): boolean {
    if (this.style.light.sun[0] === 0) return true;
    const [sx, sy, sz] = this.sun;
    const distance = (Math.sign(sx) * this.street.buildingLine - across) / sx;
    if (distance <= 0) return true;
    return this.street.heightAt(sx > 0 ? 1 : 0, z + distance * sz) <= y + distance * sy;
  }

  /**
   * Draws a flat face. It is lit on the side that the camera sees; `lit` says whether the sun reaches it.
   * With `shadow` it throws one on the ground.
   */
  face(label: number, polygon: readonly Vertex[], paint: Painter, options: {
    lit?: boolean;
    shadow?: boolean;
    cut?: (u: number, v: number) => boolean;
  } = {}): void {
    const { lit = true, shadow = false, cut } = options;
    const [nx, ny, nz] = this.#normal(polygon);
    const [sx, sy, sz] = this.sun;
    const surface: Surface = {
      label,
      ambient: 0.78 + 0.22 * ny,
      sun: lit ? Math.max(0, nx * sx + ny * sy + nz * sz) : 0,
      paint,
      ...(cut === undefined ? {} : { cut }),
    };
    this.raster.fill(polygon, surface);
    if (shadow && lit) this.#throwShadow(polygon);
  }

  /** Draws an upright cut-out at `(x, z)`, turned to the camera, from convex corners. It is lit like a round thing. */
  cutOut(label: number, x: number, z: number, corners: readonly Corner[], paint: Painter, options: {
    lit?: boolean;
    shadow?: boolean;
    nearer?: number;
    cut?: (u: number, v: number) => boolean;
  } = {}): void {
    const { lit = true, shadow = true, nearer = 0, cut } = options;
    const facing = Math.max(0.15, 0.55 - 0.45 * this.sun[2]);
    this.raster.fill(corners.map(([a, up]): Vertex => [x + a, up, z - nearer, a, up]), {
      label,
      ambient: 0.85,
      sun: lit ? facing : 0,
      paint,
      ...(cut === undefined ? {} : { cut }),
    });
    if (!shadow || !lit || this.style.light.sun[0] === 0) return;
    // The cut-out is turned to face the sun, so that its shadow has the width of the thing.
    const [sx, sy, sz] = this.sun;
    const flat = Math.hypot(sx, sz);
    this.raster.shade(
      corners.map(([a, up]): Vertex => [x + a * sz / flat - up * sx / sy, 0, z - a * sx / flat - up * sz / sy, 0, 0]),
      SUN_SHADOW,
    );
  }

  /** Darkens the ground below a thing: an ellipse with half axes `across` and `along`, turned by `yaw`. */
  contact(x: number, z: number, across: number, along: number, yaw = 0): void {
    const corners = Array.from({ length: 12 }, (_, index): Vertex => {
      const a = across * Math.cos(index * Math.PI / 6);
      const b = along * Math.sin(index * Math.PI / 6);
      return [x + a * Math.cos(yaw) + b * Math.sin(yaw), 0, z - a * Math.sin(yaw) + b * Math.cos(yaw), 0, 0];
    });
    this.raster.shade(corners, CONTACT_SHADOW);
  }

  /** Adds a light that is seen as a halo. */
  glow(x: number, y: number, z: number, size: number, shade: Colour): void {
    this.glows.push({ x, y, z, size, colour: shade });
  }

  /**
   * How many things stand on `length` metres, given their mean per 100 m. The mean is rounded up or down by chance.
   */
  count(perHundred: number, length: number): number {
    const mean = perHundred * length / 100 * this.dice.between(0.4, 1.6);
    return Math.floor(mean + this.dice.next());
  }

  #throwShadow(polygon: readonly Vertex[]): void {
    if (this.style.light.sun[0] === 0) return;
    const [sx, sy, sz] = this.sun;
    this.raster.shade(polygon.map(([x, y, z]): Vertex => [x - y * sx / sy, 0, z - y * sz / sy, 0, 0]), SUN_SHADOW);
  }

  /** The unit normal of a polygon, turned to the camera. */
  #normal(polygon: readonly Vertex[]): [number, number, number] {
    const [[ax, ay, az] = [0, 0, 0], [bx, by, bz] = [0, 0, 0], [cx, cy, cz] = [0, 0, 0]] = polygon;
    const nx = (by - ay) * (cz - az) - (bz - az) * (cy - ay);
    const ny = (bz - az) * (cx - ax) - (bx - ax) * (cz - az);
    const nz = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    const { camera } = this.raster;
    const toward = nx * (camera.x - ax) + ny * (camera.height - ay) - nz * az;
    const scale = (toward < 0 ? -1 : 1) / (Math.hypot(nx, ny, nz) || 1);
    return [nx * scale, ny * scale, nz * scale];
  }
}
