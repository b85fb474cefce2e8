/**
 * Two built-in towns, for adaptation without any data. They are pictures of streets with a class for every pixel, drawn
 * from scratch in plain TypeScript. A picture is a pure function of `(seed, town, index)`. The source town is a sunny,
 * crisp, saturated game. The target town is a wet, hazy dusk seen by a noisy camera. Classes, their order and their
 * colours are those of Cityscapes, without wall, rider, truck, train and motorcycle.
 *
 * @module
 */

import { drawLots } from "./buildings.ts";
import { drawFurniture } from "./furniture.ts";
import { lightScene } from "./light.ts";
import { drawPeople } from "./people.ts";
import { drawPlants } from "./plants.ts";
import { Scene } from "./scene.ts";
import { type Picture, SAMPLES, takePicture } from "./sensor.ts";
import { townStyles } from "./style.ts";
import { drawVehicles } from "./vehicles.ts";

/** Which of the two towns. */
export type TownName = "source" | "target";

/** Size of the pictures in pixels and the seed of the towns. */
export interface TownOptions {
  /** Rows of pixels. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
  /** Seed of both towns. */
  readonly seed: number;
}

/** Name and colour (red, green, blue, 0–255) of a class. */
export interface TownClass {
  /** The name in Cityscapes. */
  readonly name: string;
  /** The colour in Cityscapes. */
  readonly color: readonly [number, number, number];
}

/** A picture of a town: `pixels` are RGBA `[height, width, 4]`, `labels` class ids or 255 `[height, width]`. */
export type TownPicture = Picture;

/** The classes of both towns, in the order of their ids. */
export const townClasses: readonly TownClass[] = [
  { name: "road", color: [128, 64, 128] },
  { name: "sidewalk", color: [244, 35, 232] },
  { name: "building", color: [70, 70, 70] },
  { name: "fence", color: [190, 153, 153] },
  { name: "pole", color: [153, 153, 153] },
  { name: "traffic light", color: [250, 170, 30] },
  { name: "traffic sign", color: [220, 220, 0] },
  { name: "vegetation", color: [107, 142, 35] },
  { name: "terrain", color: [152, 251, 152] },
  { name: "sky", color: [70, 130, 180] },
  { name: "person", color: [220, 20, 60] },
  { name: "car", color: [0, 0, 142] },
  { name: "bus", color: [0, 60, 100] },
  { name: "bicycle", color: [119, 11, 32] },
];

/**
 * Draws picture `index` of a town.
 * @throws {RangeError} if height or width is not a positive integer.
 */
export function renderTown(town: TownName, index: number, options: TownOptions): TownPicture {
  const { height, width, seed } = options;
  if (!Number.isInteger(height) || !Number.isInteger(width) || height < 1 || width < 1) {
    throw new RangeError(`Cannot draw a town of ${height}×${width} pixels: height and width must be positive integers`);
  }
  const scene = new Scene(townStyles[town], seed, index, height * SAMPLES, width * SAMPLES);
  drawVehicles(scene);
  drawPeople(scene);
  drawFurniture(scene);
  drawLots(scene);
  drawPlants(scene);
  return takePicture(scene, lightScene(scene));
}
