/**
 * A small rasteriser for the built-in towns. It draws convex polygons of the world into samples. A depth buffer decides
 * which surface is seen at a sample, and the raster keeps that surface with the place `(u, v)` on it. Colours come
 * later, once per visible sample.
 *
 * The world is in metres: x to the right, y up, z along the street. The camera stands at z = 0. Tilting it only shifts
 * the picture, so that vertical edges stay vertical.
 *
 * @module
 */

/** A corner of a polygon: x, y, z in metres and u, v on its surface, mostly in metres too. */
export type Vertex = readonly [x: number, y: number, z: number, u: number, v: number];

/** The colour of a place on a surface in linear light; `glow` is emitted, `sun` ∈ [0, 1] is the part not in shade. */
export interface Paint {
  red: number;
  green: number;
  blue: number;
  glow: number;
  sun: number;
}

/** What a polygon is made of. */
export interface Surface {
  /** Class id; 255 is ignored. */
  readonly label: number;
  /** Share of the light of the whole sky and of the sun that the face receives, in [0, 1]. */
  readonly ambient: number;
  readonly sun: number;
  /** Writes the colour at `(u, v)`. */
  readonly paint: (u: number, v: number, paint: Paint) => void;
  /** Whether the polygon has a hole at `(u, v)`. */
  readonly cut?: (u: number, v: number) => boolean;
}

/** Position, direction and lens. `focal` and `horizon` are in samples. */
export interface Camera {
  readonly x: number;
  readonly height: number;
  readonly yaw: number;
  readonly focal: number;
  readonly horizon: number;
}

/** Bits of {@linkcode Raster.shadows}. */
export const SUN_SHADOW = 1;
/** The darkness below and around a thing that stands on the ground. */
export const CONTACT_SHADOW = 2;

const NEAR = 0.35;

/** The samples of one picture, `[height, width]`, row-major. */
export class Raster {
  /** 1 / depth; 0 is infinitely far. */
  readonly nearness: Float32Array;
  /** Index into `surfaces`; 0 is sky or ground. */
  readonly surface: Uint16Array;
  readonly u: Float32Array;
  readonly v: Float32Array;
  /** Shadows on the ground: bits {@linkcode SUN_SHADOW} and {@linkcode CONTACT_SHADOW}. */
  readonly shadows: Uint8Array;
  readonly surfaces: Surface[] = [{ label: 255, ambient: 1, sun: 0, paint: () => {} }];
  readonly #cos: number;
  readonly #sin: number;

  /** An empty picture of `height` × `width` samples. */
  constructor(readonly height: number, readonly width: number, readonly camera: Camera) {
    const count = height * width;
    this.nearness = new Float32Array(count);
    this.surface = new Uint16Array(count);
    this.u = new Float32Array(count);
    this.v = new Float32Array(count);
    this.shadows = new Uint8Array(count);
    this.#cos = Math.cos(camera.yaw);
    this.#sin = Math.sin(camera.yaw);
  }

  /** Draws a convex, flat polygon where it is nearer than what is there. */
  fill(polygon: readonly Vertex[], surface: Surface): void {
    const points = this.#project(polygon);
    const plane = planeOf(points);
    if (plane === null) return;
    const id = this.surfaces.push(surface) - 1;
    const cut = surface.cut;
    const { nearness, width } = this;
    this.#spans(points, (row, first, last) => {
      let w = plane.w + plane.wx * (first + 0.5) + plane.wy * (row + 0.5);
      let u = plane.u + plane.ux * (first + 0.5) + plane.uy * (row + 0.5);
      let v = plane.v + plane.vx * (first + 0.5) + plane.vy * (row + 0.5);
      for (let at = row * width + first, end = row * width + last; at < end; at++) {
        if (w > (nearness[at] ?? 0) && !(cut !== undefined && cut(u / w, v / w))) {
          nearness[at] = w;
          this.surface[at] = id;
          this.u[at] = u / w;
          this.v[at] = v / w;
        }
        w += plane.wx;
        u += plane.ux;
        v += plane.vx;
      }
    });
  }

  /** Marks the ground inside a polygon at y = 0 as shaded. */
  shade(polygon: readonly Vertex[], bit: number): void {
    const points = this.#project(polygon);
    this.#spans(points, (row, first, last) => {
      for (let at = row * this.width + first, end = row * this.width + last; at < end; at++) {
        this.shadows[at] = (this.shadows[at] ?? 0) | bit;
      }
    });
  }

  /** Column, row and 1 / depth of a point; `null` where it is behind the camera. */
  locate(x: number, y: number, z: number): [column: number, row: number, nearness: number] | null {
    const [column, row, nearness] = this.#project([[x, y, z, 0, 0]])[0] ?? [];
    return column === undefined || row === undefined || nearness === undefined ? null : [column, row, nearness];
  }

  /** The place on the ground seen at a sample below the horizon: x, z and depth. */
  ground(column: number, row: number): [x: number, z: number, depth: number] {
    const { camera } = this;
    const depth = camera.focal * camera.height / (row + 0.5 - camera.horizon);
    const across = (column + 0.5 - this.width / 2) * depth / camera.focal;
    return [
      camera.x + this.#cos * across + this.#sin * depth,
      -this.#sin * across + this.#cos * depth,
      depth,
    ];
  }

  /** Clips at the near plane and projects: per point column, row, 1/depth, u/depth, v/depth. */
  #project(polygon: readonly Vertex[]): number[][] {
    const { camera } = this;
    const seen = polygon.map(([x, y, z, u, v]) => {
      const dx = x - camera.x;
      return [this.#cos * dx - this.#sin * z, y - camera.height, this.#sin * dx + this.#cos * z, u, v];
    });
    const kept: number[][] = [];
    seen.forEach((point, index) => {
      const next = seen[(index + 1) % seen.length] ?? point;
      const depth = point[2] ?? 0;
      const nextDepth = next[2] ?? 0;
      if (depth >= NEAR) kept.push(point);
      if (depth >= NEAR !== nextDepth >= NEAR) {
        const share = (NEAR - depth) / (nextDepth - depth);
        kept.push(point.map((value, axis) => value + share * ((next[axis] ?? 0) - value)));
      }
    });
    return kept.map(([x = 0, y = 0, depth = 1, u = 0, v = 0]) => [
      this.width / 2 + camera.focal * x / depth,
      camera.horizon - camera.focal * y / depth,
      1 / depth,
      u / depth,
      v / depth,
    ]);
  }

  /** Calls `draw` with the samples `[first, last)` of each row whose centres lie in the convex polygon. */
  #spans(points: readonly number[][], draw: (row: number, first: number, last: number) => void): void {
    if (points.length < 3) return;
    let highest = Infinity;
    let lowest = -Infinity;
    for (const [, y = 0] of points) {
      if (y < highest) highest = y;
      if (y > lowest) lowest = y;
    }
    const top = Math.max(0, Math.ceil(highest - 0.5));
    const bottom = Math.min(this.height, Math.ceil(lowest - 0.5));
    for (let row = top; row < bottom; row++) {
      let left = Infinity;
      let right = -Infinity;
      let previous = points[points.length - 1] ?? [];
      for (const point of points) {
        const [x0 = 0, y0 = 0] = previous;
        const [x1 = 0, y1 = 0] = point;
        previous = point;
        if (y0 <= row + 0.5 === y1 <= row + 0.5) continue;
        const x = x0 + (x1 - x0) * (row + 0.5 - y0) / (y1 - y0);
        if (x < left) left = x;
        if (x > right) right = x;
      }
      const first = Math.max(0, Math.ceil(left - 0.5));
      const last = Math.min(this.width, Math.ceil(right - 0.5));
      if (last > first) draw(row, first, last);
    }
  }
}

interface Plane {
  w: number;
  wx: number;
  wy: number;
  u: number;
  ux: number;
  uy: number;
  v: number;
  vx: number;
  vy: number;
}

/** 1/depth, u/depth and v/depth as linear functions of column and row; `null` for a polygon seen edge-on. */
function planeOf(points: readonly number[][]): Plane | null {
  const [a] = points;
  if (a === undefined) return null;
  let best = 1e-3;
  let corner: [number[], number[]] | null = null;
  for (let index = 1; index + 1 < points.length; index++) {
    const b = points[index] ?? a;
    const c = points[index + 1] ?? a;
    const area = Math.abs(cross(a, b, c));
    if (area > best) {
      best = area;
      corner = [b, c];
    }
  }
  if (corner === null) return null;
  const [b, c] = corner;
  const scale = 1 / cross(a, b, c);
  const linear = (axis: number): [number, number, number] => {
    const ab = (b[axis] ?? 0) - (a[axis] ?? 0);
    const ac = (c[axis] ?? 0) - (a[axis] ?? 0);
    const [ax = 0, ay = 0] = a;
    const [bx = 0, by = 0] = b;
    const [cx = 0, cy = 0] = c;
    const dx = (ab * (cy - ay) - ac * (by - ay)) * scale;
    const dy = (ac * (bx - ax) - ab * (cx - ax)) * scale;
    return [(a[axis] ?? 0) - dx * ax - dy * ay, dx, dy];
  };
  const [w, wx, wy] = linear(2);
  const [u, ux, uy] = linear(3);
  const [v, vx, vy] = linear(4);
  return { w, wx, wy, u, ux, uy, v, vx, vy };
}

function cross(a: readonly number[], b: readonly number[], c: readonly number[]): number {
  const [ax = 0, ay = 0] = a;
  const [bx = 0, by = 0] = b;
  const [cx = 0, cy = 0] = c;
  return (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
}
