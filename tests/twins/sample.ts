/**
 * Crops of images and labels in plain loops: the definition that the sampling kernels are tested against.
 *
 * @module
 */

import type { SampleGeometry } from "../../src/ops/data/geometry.ts";
import { between, interpolate } from "./interpolation.ts";

type Size = readonly [height: number, width: number];

/**
 * From bytes `[N, H, W, 4]` to crops `[N, 3, h, w]`: changes colours, normalises (value · scale + shift, the same for
 * all channels), scales, crops and mirrors.
 */
export function sampleImages(
  bytes: ArrayLike<number>,
  geometry: readonly SampleGeometry[],
  [height, width]: Size,
  [cropHeight, cropWidth]: Size,
  normalization: { scale: readonly number[]; shift: readonly number[] },
): number[] {
  const result: number[] = [];
  for (const [n, plan] of geometry.entries()) {
    const planes = normalised(bytes, n * height * width, height * width, plan, normalization);
    for (const plane of planes) {
      forEachPlace(plan, [cropHeight, cropWidth], (i, j) => {
        const inside = i < plan.scaledHeight && j >= 0 && j < plan.scaledWidth;
        result.push(
          inside
            ? interpolate(
              plane,
              0,
              [height, width],
              between(i, height, plan.scaledHeight, false),
              between(j, width, plan.scaledWidth, false),
            )
            : 0,
        );
      });
    }
  }
  return result;
}

/** Nearest labels `[N, H, W]` → `[N, h, w]`, 255 beyond the scaled map. */
export function sampleLabels(
  labels: ArrayLike<number>,
  geometry: readonly SampleGeometry[],
  [height, width]: Size,
  crop: Size,
): number[] {
  const result: number[] = [];
  for (const [n, plan] of geometry.entries()) {
    forEachPlace(plan, crop, (i, j) => {
      const row = Math.floor((2 * i + 1) * height / (2 * plan.scaledHeight));
      const column = Math.floor((2 * j + 1) * width / (2 * plan.scaledWidth));
      const inside = i < plan.scaledHeight && j >= 0 && j < plan.scaledWidth;
      result.push(inside ? labels[(n * height + row) * width + column] ?? NaN : 255);
    });
  }
  return result;
}

/** Maps `[N, C, H, W]` → `[N, C, h, w]`, bilinear or nearest, 0 beyond the scaled map. */
export function sampleFloats(
  maps: ArrayLike<number>,
  channels: number,
  geometry: readonly SampleGeometry[],
  [height, width]: Size,
  crop: Size,
  interpolation: "bilinear" | "nearest",
): number[] {
  const result: number[] = [];
  for (const [n, plan] of geometry.entries()) {
    for (let channel = 0; channel < channels; channel++) {
      const start = (n * channels + channel) * height * width;
      forEachPlace(plan, crop, (i, j) => {
        if (i >= plan.scaledHeight || j >= plan.scaledWidth) result.push(0);
        else if (interpolation === "nearest") {
          const row = Math.floor((2 * i + 1) * height / (2 * plan.scaledHeight));
          const column = Math.floor((2 * j + 1) * width / (2 * plan.scaledWidth));
          result.push(maps[start + row * width + column] ?? NaN);
        } else {
          const vertical = between(i, height, plan.scaledHeight, false);
          result.push(interpolate(maps, start, [height, width], vertical, between(j, width, plan.scaledWidth, false)));
        }
      });
    }
  }
  return result;
}

/** Visits the crop's pixels in order, with their row and column in the scaled image. */
function forEachPlace(plan: SampleGeometry, [height, width]: Size, visit: (i: number, j: number) => void): void {
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) visit(plan.top + i, plan.left + (plan.mirror ? width - 1 - j : j));
  }
}

/** The red, green and blue planes of an image after colour changes and normalisation. */
function normalised(
  bytes: ArrayLike<number>,
  firstPixel: number,
  pixels: number,
  { brightness, contrast, saturation }: SampleGeometry,
  { scale, shift }: { scale: readonly number[]; shift: readonly number[] },
): number[][] {
  const planes: number[][] = [[], [], []];
  for (let pixel = firstPixel; pixel < firstPixel + pixels; pixel++) {
    const contrasted = [0, 1, 2].map((channel) => {
      const bright = (bytes[4 * pixel + channel] ?? NaN) * brightness;
      return 127.5 + contrast * (bright - 127.5);
    });
    const [red = NaN, green = NaN, blue = NaN] = contrasted;
    const grey = 0.299 * red + 0.587 * green + 0.114 * blue;
    for (const [channel, value] of contrasted.entries()) {
      const coloured = Math.min(255, Math.max(0, grey + saturation * (value - grey)));
      planes[channel]?.push(coloured * (scale[channel] ?? NaN) + (shift[channel] ?? NaN));
    }
  }
  return planes;
}
