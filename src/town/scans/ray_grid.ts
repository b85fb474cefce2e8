/**
 * The rays of one scan, and what each of them meets first. A shape is compared only with the rays of the window of
 * angles that it covers. So there is no tree of boxes: a scan of a street takes some tens of milliseconds.
 *
 * Coordinates are the sensor's, in metres: x ahead, y to the left, z up, the sensor at the origin.
 *
 * @module
 */

import { hash, HASH_UNIT } from "../noise.ts";
import type { Beams } from "./beams.ts";

/** A place in the sensor's coordinates. */
export type Point = readonly [x: number, y: number, z: number];

/** What a ray meets on a shape. */
export interface Skin {
  /** Raw class id of SemanticKITTI. */
  readonly label: number;
  /** Share of the light that comes back at a right angle, in [0, 1]. */
  readonly reflectance: number;
  /** How much of that is lost as the ray turns away from the normal: 0 for plaster or leaves, 1 for car paint. */
  readonly gloss?: number;
  /** Chance that a ray is swallowed, as by glass. */
  readonly loss?: number;
  /** How far the surface lies behind the face, in metres. */
  readonly recess?: number;
  /** The skin `u` metres along the first edge of a face and `v` metres across it; `null` where the ray passes. */
  readonly pattern?: (u: number, v: number) => Skin | null;
}

/** The rays of a scan: laser by laser from the top, each from straight ahead and on to the left. */
export class RayGrid {
  /** Metres to what a ray meets; `Infinity` where it meets nothing. */
  readonly distance: Float32Array;
  /** Cosine of the angle between ray and normal. */
  readonly facing: Float32Array;
  /** Directions of the rays, of length 1. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly z: Float32Array;
  readonly #met: (Skin | undefined)[];
  readonly #step: number;
  readonly #spread: number;
  #shapes = 0;

  /** The rays of a sensor. `seed` decides which of them pass between leaves. */
  constructor(readonly beams: Beams, readonly seed: number) {
    const { elevations, offsets, columns } = beams;
    const count = elevations.length * columns;
    this.distance = new Float32Array(count).fill(Infinity);
    this.facing = new Float32Array(count);
    this.#met = new Array<Skin | undefined>(count).fill(undefined);
    this.x = new Float32Array(count);
    this.y = new Float32Array(count);
    this.z = new Float32Array(count);
    this.#step = 2 * Math.PI / columns;
    this.#spread = Math.max(...offsets.map(Math.abs));
    elevations.forEach((elevation, row) => {
      for (let column = 0; column < columns; column++) {
        const azimuth = column * this.#step + (offsets[row] ?? 0);
        const ray = row * columns + column;
        this.x[ray] = Math.cos(elevation) * Math.cos(azimuth);
        this.y[ray] = Math.cos(elevation) * Math.sin(azimuth);
        this.z[ray] = Math.sin(elevation);
      }
    });
  }

  /** What a ray meets. */
  skin(ray: number): Skin | undefined {
    return this.#met[ray];
  }

  /** Says that a ray meets `skin` at `distance`, unless it meets something nearer. */
  meet(ray: number, distance: number, facing: number, skin: Skin): void {
    if (!(distance > 0.1 && distance < (this.distance[ray] ?? 0) && distance < this.beams.range)) return;
    this.distance[ray] = distance;
    this.facing[ray] = facing;
    this.#met[ray] = skin;
  }

  /** Adds a flat convex face with three or more corners, seen from both sides. */
  face(corners: readonly Point[], skin: Skin): void {
    const [first, second] = corners;
    const third = corners[2];
    if (first === undefined || second === undefined || third === undefined) return;
    const along = unit(minus(second, first));
    const normal = unit(cross(along, minus(third, first)));
    const up = cross(normal, along);
    const offset = dot(normal, first);
    const edges = corners.map((corner, index) => {
      const inward = cross(normal, minus(corners[(index + 1) % corners.length] ?? first, corner));
      return [...inward, dot(inward, corner)] as const;
    });
    this.#cover(window(corners, 0), (ray, x, y, z) => {
      const turned = normal[0] * x + normal[1] * y + normal[2] * z;
      const distance = offset / turned;
      if (!(distance > 0 && distance < (this.distance[ray] ?? 0))) return;
      for (const [ex, ey, ez, limit] of edges) {
        if ((ex * x + ey * y + ez * z) * distance < limit) return;
      }
      let own: Skin | null = skin;
      if (skin.pattern !== undefined) {
        const u = (along[0] * x + along[1] * y + along[2] * z) * distance - dot(along, first);
        const v = (up[0] * x + up[1] * y + up[2] * z) * distance - dot(up, first);
        own = skin.pattern(u, v);
        if (own === null) return;
      }
      this.meet(ray, distance + (own.recess ?? 0), Math.abs(turned), own);
    });
  }

  /** Adds a round bar from `from` to `to`. */
  bar(from: Point, to: Point, radius: number, skin: Skin): void {
    const length = Math.hypot(...minus(to, from));
    const axis = unit(minus(to, from));
    const past = dot(axis, from);
    const base: Point = [from[0] - past * axis[0], from[1] - past * axis[1], from[2] - past * axis[2]];
    const rest = dot(base, base) - radius * radius;
    this.#cover(window([from, to], radius), (ray, x, y, z) => {
      const along = axis[0] * x + axis[1] * y + axis[2] * z;
      const a = 1 - along * along;
      const b = base[0] * x + base[1] * y + base[2] * z;
      const root = b * b - a * rest;
      if (root < 0 || a < 1e-6) return;
      const distance = (b - Math.sqrt(root)) / a;
      const place = distance * along - past;
      if (place < 0 || place > length) return;
      this.meet(ray, distance, Math.sqrt(root) / radius, skin);
    });
  }

  /**
   * Adds an upright ellipsoid. With `density` it is a cloud of leaves: a ray gets `1 / density` metres into it on
   * average, and may pass.
   */
  ball(middle: Point, radius: number, height: number, skin: Skin, density = Infinity): void {
    const shape = this.#shapes++;
    const [flat, tall] = [1 / radius, 1 / height];
    const [cx, cy, cz] = [middle[0] * flat, middle[1] * flat, middle[2] * tall];
    const rest = cx * cx + cy * cy + cz * cz - 1;
    this.#cover(window([middle], Math.max(radius, height)), (ray, x, y, z) => {
      const [dx, dy, dz] = [x * flat, y * flat, z * tall];
      const a = dx * dx + dy * dy + dz * dz;
      const b = dx * cx + dy * cy + dz * cz;
      const root = b * b - a * rest;
      if (root < 0) return;
      const half = Math.sqrt(root) / a;
      const entry = Math.max(0, b / a - half);
      if (density === Infinity) {
        const [nx, ny, nz] = [
          (dx * entry - cx) * flat,
          (dy * entry - cy) * flat,
          (dz * entry - cz) * tall,
        ];
        return this.meet(ray, entry, Math.abs(nx * x + ny * y + nz * z) / (Math.hypot(nx, ny, nz) || 1), skin);
      }
      const depth = -Math.log(1 - hash(ray, shape, this.seed) * HASH_UNIT) / density;
      if (entry + depth < b / a + half) this.meet(ray, entry + depth, 0.5 + 0.5 * this.chance(ray, shape), skin);
    });
  }

  /** A number in [0, 1) that belongs to a ray and a purpose. */
  chance(ray: number, purpose: number): number {
    return hash(ray, purpose, this.seed ^ 0x5bd1e995) * HASH_UNIT;
  }

  /** Visits the rays of a window. */
  #cover(
    { left, right, low, high, near }: Window,
    visit: (ray: number, x: number, y: number, z: number) => void,
  ): void {
    if (near > this.beams.range) return;
    const { elevations, columns } = this.beams;
    const start = Math.floor((right - this.#spread) / this.#step);
    const end = Math.min(Math.ceil((left + this.#spread) / this.#step), start + columns - 1);
    for (let row = 0; row < elevations.length; row++) {
      const elevation = elevations[row] ?? 0;
      if (elevation > high || elevation < low) continue;
      for (let column = start; column <= end; column++) {
        const ray = row * columns + ((column % columns) + columns) % columns;
        visit(ray, this.x[ray] ?? 0, this.y[ray] ?? 0, this.z[ray] ?? 0);
      }
    }
  }
}

/** Angles that a shape covers, in radians, and its least distance. */
interface Window {
  readonly left: number;
  readonly right: number;
  readonly low: number;
  readonly high: number;
  readonly near: number;
}

/** The window of the hull of `points`, widened by `radius` metres. It holds the shape, and may be larger. */
function window(points: readonly Point[], radius: number): Window {
  const [first] = points;
  if (first === undefined) return { left: 0, right: 0, low: 1, high: -1, near: Infinity };
  const whole: Window = { left: Math.PI, right: -Math.PI, low: -Math.PI, high: Math.PI, near: 0 };
  const heading = Math.atan2(first[1], first[0]);
  let [left, right, top, bottom] = [0, 0, -Infinity, Infinity];
  let near = Infinity;
  let far = 0;
  points.forEach(([x, y, z], index) => {
    const turn = Math.atan2(y, x) - heading;
    const azimuth = turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI));
    left = Math.max(left, azimuth);
    right = Math.min(right, azimuth);
    top = Math.max(top, z);
    bottom = Math.min(bottom, z);
    far = Math.max(far, Math.hypot(x, y));
    near = Math.min(near, nearestOfEdge([x, y, z], points[(index + 1) % points.length] ?? first));
  });
  near -= radius;
  if (near <= 0.05 || left - right > Math.PI) return whole;
  const margin = radius > 0 ? Math.asin(Math.min(1, radius / (near + radius))) : 0;
  const angle = (up: number, outward: boolean) => Math.atan2(up, (up > 0) === outward ? near : far + radius);
  return {
    left: heading + left + margin,
    right: heading + right - margin,
    low: angle(bottom - radius, false) - 1e-6,
    high: angle(top + radius, true) + 1e-6,
    near,
  };
}

/** The least distance of an edge from the axis of the sensor, seen from above. */
function nearestOfEdge([ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const share = Math.max(0, Math.min(1, -(ax * dx + ay * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(ax + share * dx, ay + share * dy);
}

function minus(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function dot(a: Point, b: Point): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: Point, b: Point): Point {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit(a: Point): Point {
  const length = Math.hypot(...a) || 1;
  return [a[0] / length, a[1] / length, a[2] / length];
}
