/**
 * LiDAR scans as a network takes them. The points of a scan go to the GPU as the rows of its file. There they become
 * the pixels of a range image.
 *
 * @module
 */

import type { PixelImage } from "../data/sample.ts";
import type { Size } from "../data/size.ts";
import type { ScanPlan } from "../data/scans/augmentation.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import { scanGeometryValues, scanRowWords } from "../ops/scans/geometry.ts";
import { projectScans } from "../ops/scans/project_scans.ts";
import { type RangeChannelOptions, rangeChannels } from "../ops/scans/range_channels.ts";
import { describePixels, type ImageKind } from "./image_kind.ts";

/**
 * Scans of a LiDAR. The working size is that of the range image. The size of an image is the number of its points, and
 * one column.
 */
export function scanRanges(options: RangeChannelOptions): ImageKind {
  const channelsOf = (points: Tensor, winner: Tensor, geometry: Tensor) =>
    rangeChannels(points, winner, geometry, options);
  return {
    name: `LiDAR scans, ${options.channels} channels`,
    channels: options.channels,
    bytesOf: (size) => pointsIn(size) * scanRowWords * 4,
    encode: encodeScan,
    input: (batch, size) => input("pixels", [batch, pointsIn(size) * scanRowWords], { dtype: "u32", layout: "plain" }),
    sample: (points, geometry, size) => channelsOf(points, projectScans(points, geometry, size), geometry),
    scans: { channelsOf },
  };
}

/**
 * The geometry of a scan.
 *
 * @param name of the scan, for messages.
 * @throws {Error} if the image is no scan.
 */
export function scanGeometry(
  image: PixelImage,
  name: string,
  size: Size,
  options: { readonly plan?: ScanPlan; readonly mirror?: boolean } = {},
): number[] {
  const { height, pixels, sensor } = image;
  if (sensor === undefined) throw strangerError(image, name);
  return scanGeometryValues({ height, pixels, sensor }, size, options.plan, { mirror: options.mirror ?? false });
}

/** The rows of a scan's file as they are. */
function encodeScan(image: PixelImage, name: string): Uint8Array<ArrayBuffer> {
  const { height: points, pixels, sensor } = image;
  const isScan = sensor !== undefined && pixels instanceof Float32Array &&
    (pixels.length === points * 4 || pixels.length === points * 5);
  if (!isScan) throw strangerError(image, name);
  return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}

function strangerError(image: PixelImage, name: string): Error {
  return new Error(`Cannot use ${name}: the network takes LiDAR scans; the image has ${describePixels(image)}`);
}

/** Points of a scan whose size this is. */
function pointsIn({ height, width }: Size): number {
  return height * width;
}

/** Scans of different lengths share a program if they have room for this many points more than the last multiple. */
const pointStep = 4096;

/** The room for a scan of this many points: a little more, so that few programs are compiled. */
export function roomForPoints(points: number): number {
  return Math.max(1, Math.ceil(points / pointStep)) * pointStep;
}
