/**
 * LiDAR scans of the built-in towns: their streets, met by the rays of a sensor. A scan is a pure function of its
 * sensor, the seed, the street and the frame.
 *
 * @module
 */

import { type Beams, beams32, beams64 } from "./beams.ts";
import type { RayGrid } from "./ray_grid.ts";
import { addHouses } from "./scan_houses.ts";
import { addPeople } from "./scan_people.ts";
import { addFurniture, addPlants } from "./scan_plants.ts";
import { Raw, type ScanPlace, ScanScene } from "./scan_scene.ts";
import { addVehicles } from "./scan_vehicles.ts";

export type { ScanPlace } from "./scan_scene.ts";

/** Which of the two sensors. */
export type TownSensor = Beams["name"];

/** A scan of a town. */
export interface TownScan {
  /** Rows of x, y, z and intensity, and of a ring with 32 beams: the floats of the file, in the file's order. */
  readonly points: Float32Array<ArrayBuffer>;
  /** Raw class ids of SemanticKITTI, one a point; 0 for what has no class. */
  readonly labels: Uint32Array<ArrayBuffer>;
}

/** Scans a street. 64 beams leave out what does not return; 32 beams have a row for each firing, ring by ring. */
export function scanTown(sensor: TownSensor, place: ScanPlace): TownScan {
  const beams = sensor === "64-beams" ? beams64 : beams32;
  const scene = new ScanScene(beams, place);
  addHouses(scene);
  addVehicles(scene);
  addPeople(scene);
  addPlants(scene);
  addFurniture(scene);
  scene.layGround();
  hideBehindOwnCar(scene.rays);
  return beams.everyFiring ? everyFiring(scene.rays) : returnsOnly(scene.rays);
}

const OWN_CAR = { label: Raw.outlier, reflectance: 0.3, gloss: 0.5 };

/**
 * The car below the sensor. 32 beams see its roof, bonnet and mirrors; with 64 beams a ray that meets it is lost.
 */
function hideBehindOwnCar(rays: RayGrid): void {
  const { height } = rays.beams;
  const box = (rear: number, front: number, half: number, top: number) => {
    const z = top - height;
    rays.face([[rear, -half, z], [front, -half, z], [front, half, z], [rear, half, z]], OWN_CAR);
  };
  // 64 beams stand high on a rack in the middle of the roof.
  if (rays.beams.everyFiring) box(-1.9, 0.75, 0.62, 1.52);
  box(0.7, 2.3, 0.72, 0.98);
  rays.bar([0.5, -0.98, -0.75], [0.62, -0.78, -0.75], 0.09, OWN_CAR);
  rays.bar([0.5, 0.98, -0.75], [0.62, 0.78, -0.75], 0.09, OWN_CAR);
  rays.ball([-0.75, 0.6, -0.4], 0.1, 0.08, OWN_CAR);
  rays.ball([-0.05, -0.8, -0.36], 0.12, 0.08, OWN_CAR);
}

/** Intensity of a return in [0, 1], before the sensor's steps; 0 where nothing returns. */
function intensity(rays: RayGrid, ray: number): number {
  const skin = rays.skin(ray);
  if (skin === undefined || rays.chance(ray, 1) < (skin.loss ?? 0)) return 0;
  const distance = rays.distance[ray] ?? 0;
  const facing = rays.facing[ray] ?? 0;
  const { falloff, columns } = rays.beams;
  const gloss = Math.max(skin.gloss ?? 0, falloff * 0.9);
  const turned = 1 - gloss + gloss * facing * (skin.gloss ?? 0) ** 2 * facing +
    gloss * facing * (1 - (skin.gloss ?? 0) ** 2);
  // What reaches the sensor decides whether it notices; it is weak far away and on the ground seen along.
  const power = Math.max(0.05, skin.reflectance) * (0.2 + 0.8 * facing) * (1 - 0.6 * (skin.gloss ?? 0) * (1 - facing));
  if (rays.chance(ray, 2) > 1 - Math.exp(-power * (400 / distance) ** 2 / 10) || rays.chance(ray, 3) < 0.012) return 0;
  const laser = 0.9 + 0.2 * rays.chance(Math.floor(ray / columns), 1000);
  const grain = 0.75 + 0.5 * rays.chance(ray, 4);
  return Math.max(1e-6, Math.min(1, skin.reflectance * turned * laser * grain / (1 + falloff * distance / 8)));
}

/** A measured distance: the noise is the sum of three even ones. */
function measured(rays: RayGrid, ray: number): number {
  const noise = rays.chance(ray, 5) + rays.chance(ray, 6) + rays.chance(ray, 7) - 1.5;
  return (rays.distance[ray] ?? 0) + 2 * rays.beams.noise * noise;
}

function returnsOnly(rays: RayGrid): TownScan {
  const points = new Float32Array(rays.distance.length * 4);
  const labels = new Uint32Array(rays.distance.length);
  let count = 0;
  for (let ray = 0; ray < rays.distance.length; ray++) {
    const skin = rays.skin(ray);
    const value = skin === OWN_CAR ? 0 : intensity(rays, ray);
    if (skin === undefined || value === 0) continue;
    const distance = measured(rays, ray);
    points[count * 4] = distance * (rays.x[ray] ?? 0);
    points[count * 4 + 1] = distance * (rays.y[ray] ?? 0);
    points[count * 4 + 2] = distance * (rays.z[ray] ?? 0);
    points[count * 4 + 3] = Math.min(0.99, inSteps(rays.beams, value));
    labels[count++] = skin.label;
  }
  return { points: points.slice(0, count * 4), labels: labels.slice(0, count) };
}

/** All firings, column by column from behind and on to the right, the lowest ring first, as in nuScenes. */
function everyFiring(rays: RayGrid): TownScan {
  const { columns, elevations } = rays.beams;
  const points = new Float32Array(rays.distance.length * 5);
  const labels = new Uint32Array(rays.distance.length);
  for (let turn = 0, at = 0; turn < columns; turn++) {
    const column = (columns + Math.floor(columns / 2) - turn) % columns;
    for (let ring = 0; ring < elevations.length; ring++, at++) {
      const ray = (elevations.length - 1 - ring) * columns + column;
      const value = intensity(rays, ray);
      // A firing without a return has a distance of next to nothing.
      const distance = value === 0 ? 0.02 + 0.3 * rays.chance(ray, 8) : measured(rays, ray);
      points[at * 5] = distance * (rays.x[ray] ?? 0);
      points[at * 5 + 1] = distance * (rays.y[ray] ?? 0);
      points[at * 5 + 2] = distance * (rays.z[ray] ?? 0);
      points[at * 5 + 3] = value === 0 ? Math.floor(100 * rays.chance(ray, 9)) : inSteps(rays.beams, value);
      points[at * 5 + 4] = ring;
      labels[at] = value === 0 ? 0 : rays.skin(ray)?.label ?? 0;
    }
  }
  return { points, labels };
}

function inSteps({ intensity: full, step }: Beams, value: number): number {
  return Math.floor(value * full / step) * step;
}
