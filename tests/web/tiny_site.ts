/**
 * The description of a page whose runs are tiny: small towns, few steps, the smallest network.
 *
 * @module
 */

import type { Site } from "../../src/web/site.ts";

/** Options of a tiny run. */
export const tinyRecipe = {
  model: "deeplab-nano",
  "town-images": 16,
  "town-size": "48x96",
  batch: 2,
  crop: "48x64",
  optimizer: "adamw",
  "source-steps": 40,
  "source-rate": 0.004,
  "warm-up": 5,
  "head-rate": 1,
  rounds: 2,
  epochs: 1,
  "learning-rate": [0.001],
  "source-images": 8,
  "target-images": "all",
  "repeat-images": false,
  "target-portion": 0.3,
  "spatial-prior": true,
  mining: "reference",
} as const;

/** A page without weights, whose network is trained on the built-in source town first. */
export const tinySite: Site = {
  version: "0",
  title: "Tiny",
  model: "deeplab-nano",
  variant: {},
  classes: ["road"],
  palette: [[128, 64, 128]],
  size: null,
  weights: {},
  studio: { recipe: tinyRecipe },
};
