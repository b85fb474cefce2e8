/**
 * The part that is cut from an image, in the form that the sampling kernels read.
 *
 * @module
 */

import type { Size } from "../../data/size.ts";
import { part, type Range } from "../../graph/slices.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { interpolationProblem } from "../resize/between.ts";

/** Crop, mirror and colours of one sample. */
export interface SampleGeometry {
  /** Rows of the scaled image. */
  readonly scaledHeight: number;
  /** Columns of the scaled image. */
  readonly scaledWidth: number;
  /**
   * First row of the crop in the scaled image, which is padded on all sides. Negative: the crop begins in the padding.
   */
  readonly top: number;
  /** First column of the crop in the scaled image. */
  readonly left: number;
  /** Whether the columns of the crop are reversed. */
  readonly mirror: boolean;
  /** Factor of the brightness; 1 changes nothing. */
  readonly brightness: number;
  /** Factor of the contrast about mid-grey. */
  readonly contrast: number;
  /** Factor of the saturation. */
  readonly saturation: number;
  /**
   * The size of the image, if it is not that of the maps of its batch. Its pixels then follow each other from the first
   * place of its map on. Default: that of the maps.
   */
  readonly size?: Size;
  /** Whether a crop of soft labels takes the nearest pixel, as it does of hard labels. Default `false`. */
  readonly nearestLabels?: boolean;
}

/** How many numbers a sample's geometry has on the GPU. */
export const sampleGeometryLength = 12;

/**
 * The numbers of one sample, in the order in which the kernels read them.
 *
 * @throws {RangeError} if a side of the image, where `size` says it, times that of the scaled image is 2³⁰ or more and
 * they differ.
 */
export function sampleGeometryValues(geometry: SampleGeometry): number[] {
  const { scaledHeight, scaledWidth, top, left, mirror, brightness, contrast, saturation, size } = geometry;
  const nearest = geometry.nearestLabels === true ? 1 : 0;
  const problem = size && interpolationProblem([size.height, size.width], [scaledHeight, scaledWidth]);
  if (problem !== undefined && problem !== null) throw new RangeError(`Cannot crop an image: ${problem}`);
  const place = [scaledHeight, scaledWidth, top, left];
  return [...place, mirror ? 1 : 0, brightness, contrast, saturation, size?.height ?? 0, size?.width ?? 0, nearest, 0];
}

/**
 * The geometry of an image of `height` × `width` that is only normalised, neither scaled nor cropped, as inference
 * wants it.
 */
export function wholeImage(height: number, width: number): SampleGeometry {
  return {
    scaledHeight: height,
    scaledWidth: width,
    top: 0,
    left: 0,
    mirror: false,
    brightness: 1,
    contrast: 1,
    saturation: 1,
  };
}

/**
 * Checks the geometry of a batch.
 *
 * @throws {RangeError} naming the op and the layer, if it is not `[batch, 12]`, plain.
 */
export function requireGeometry(op: string, geometry: Tensor, batch: number): void {
  if (geometry.shape.join() === `${batch},${sampleGeometryLength}` && geometry.layout === "plain") return;
  refuse(op, `geometry ${geometry} (${geometry.layout}) must be plain [${batch}, ${sampleGeometryLength}]`);
}

/** The geometry `[N, 12]` of some samples of a batch. */
export function geometryOf(geometry: Tensor, { first, count }: Range): Tensor {
  if (count === geometry.shape[0]) return geometry;
  return part(geometry, [count, sampleGeometryLength], first * sampleGeometryLength * 4);
}
