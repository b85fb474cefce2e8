/**
 * What is cut from which image: the augmentation of each sample of each step. It is a pure function of the seed, the
 * stage, the step and the sample's place in the batch. A plan holds only numbers. The GPU carries it out, and
 * normalises.
 *
 * @module
 */

import { Random } from "../random.ts";
import { minedWindow, type MiningPlan, type SampleLabels } from "./mining.ts";
import type { Size } from "./size.ts";

/** Which crops are drawn. */
export interface AugmentationOptions {
  /** Size of a crop. */
  crop: Size;
  /** Least and greatest scale factor of the image, drawn uniformly. Default `[0.75, 1.5]`. */
  scaleRange?: readonly [number, number];
  /**
   * Number of scale factors, 2 or more, that are equally far from each other and equally likely, both ends of the range
   * among them. `tenths`: factors 0.1 apart from the smallest one, as CRST's code draws them. Default: any factor of the
   * range.
   */
  scaleSteps?: number | "tenths" | undefined;
  /** Whether half of the crops are mirrored. Default `true`. */
  mirror?: boolean;
  /**
   * Strength of each colour change, 0 (default) or a number below 1. A factor is drawn from `[1 − strength, 1 +
   * strength]`.
   */
  jitter?: { brightness?: number; contrast?: number; saturation?: number };
  /**
   * Whether the points of LiDAR scans are moved, as `planScan` draws it. Default `true`. Nothing else of these options
   * applies to scans.
   */
  moveScans?: boolean;
}

/** Where in the run a sample is drawn; equal places give equal samples. */
export interface SamplePlace {
  /** The seed of the run. */
  seed: number;
  /** Part of the run, such as `source` or `round 2`. */
  stage: string;
  /** Step of the stage, from 0. */
  step: number;
  /** Place in the whole batch, over all machines. */
  index: number;
}

/** What is cut from an image. The order is: scale, pad at the right and the bottom, crop, mirror, change colours. */
export interface SamplePlan {
  /** Rows of the scaled image. */
  scaledHeight: number;
  /** Columns of the scaled image. */
  scaledWidth: number;
  /** First row of the crop in the scaled, padded image. */
  top: number;
  /** First column of the crop there. */
  left: number;
  /** Whether the columns of the crop are reversed. */
  mirror: boolean;
  /** Factor of the brightness; 1 changes nothing. */
  brightness: number;
  /** Factor of the contrast. */
  contrast: number;
  /** Factor of the saturation. */
  saturation: number;
  /** The class whose pixel the crop was placed around, or `null` for a plain crop. */
  minedClass: number | null;
}

/** The last counter of the random stream for each number that a sample draws. Never renumber: runs would change. */
const DRAW = { scale: 0, top: 1, left: 2, mirror: 3, brightness: 4, contrast: 5, saturation: 6, mining: 8 } as const;

/**
 * Plans the sample at `place` from an image of `imageSize`. A scale factor f is drawn uniformly. The image is scaled to
 * `(round(f · height), round(f · width))` and padded to at least the size of the crop. The crop is drawn uniformly in
 * it, unless `mining` finds a rare class in `labels`. It is mirrored with chance ½. Colour factors are drawn where
 * asked for.
 */
export function planSample(
  imageSize: Size,
  place: SamplePlace,
  options: AugmentationOptions,
  mined?: { labels: SampleLabels; mining: MiningPlan },
): SamplePlan {
  const random = new Random(place.seed, `sample ${place.stage}`);
  const uniform = (draw: number) => random.uniform(place.step, place.index, draw);
  const { crop, scaleRange = [0.75, 1.5], scaleSteps, mirror = true, jitter = {} } = options;
  const scale = scaleFactor(scaleRange, scaleSteps, uniform(DRAW.scale));
  const scaled = {
    height: Math.max(1, Math.round(imageSize.height * scale)),
    width: Math.max(1, Math.round(imageSize.width * scale)),
  };
  const window = mined === undefined
    ? null
    : minedWindow(mined.labels, scaled, crop, mined.mining, (draw) => uniform(DRAW.mining + draw));
  const factor = (strength: number, draw: number) => strength === 0 ? 1 : 1 + strength * (2 * uniform(draw) - 1);
  return {
    scaledHeight: scaled.height,
    scaledWidth: scaled.width,
    top: window?.top ?? windowStart(uniform(DRAW.top), scaled.height, crop.height),
    left: window?.left ?? windowStart(uniform(DRAW.left), scaled.width, crop.width),
    mirror: mirror && uniform(DRAW.mirror) < 0.5,
    brightness: factor(jitter.brightness ?? 0, DRAW.brightness),
    contrast: factor(jitter.contrast ?? 0, DRAW.contrast),
    saturation: factor(jitter.saturation ?? 0, DRAW.saturation),
    minedClass: window?.classId ?? null,
  };
}

/** The scale factor that a number from 0 to 1 draws. */
function scaleFactor(
  [smallest, largest]: readonly [number, number],
  steps: AugmentationOptions["scaleSteps"],
  uniform: number,
): number {
  const range = largest - smallest;
  if (steps === undefined) return smallest + range * uniform;
  if (steps !== "tenths") return smallest + range * Math.floor(uniform * steps) / (steps - 1);
  // In float64 (1.2 − 0.8) · 10 is just below 4, so that 1.1 is the largest factor of that range, here as in CRST's code.
  return smallest + Math.floor(uniform * (Math.floor(range * 10) + 1)) / 10;
}

/**
 * The start of a window of `crop` places, drawn uniformly. The side has `scaled` places, padded to at least `crop`.
 */
function windowStart(uniform: number, scaled: number, crop: number): number {
  return Math.floor(uniform * (Math.max(scaled, crop) - crop + 1));
}
