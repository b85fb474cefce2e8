/**
 * LiDAR scans as a network takes them. The points of a scan go to the GPU as the rows of its file. There they become
 * the pixels of a range image.
 *
 * @module
 */

import type { PixelImage } from "../data/sample.ts";
import type { Size } from "../data/size.ts";
import { input } from "../graph/tensor.ts";
import { describePixels, type ImageKind } from "./image_kind.ts";

/** What the GPU holds of a point: four or five words of 32 bits, in the order of the file. */
export const wordsOfPoint = 5;

/** How the channels of a range image are made. */
export interface ScanChannels {
  /** 6: x, y, z, intensity, range, existence. 5: without existence. */
  readonly channels: 5 | 6;
  /** `scaled`: x/50, y/50, z/3, intensity, range/80. `raw`: as they are. */
  readonly scaling: "scaled" | "raw";
}

/**
 * Scans of a LiDAR. The working size is that of the range image. The size of an image is the number of its points, and
 * one column.
 */
export function scanRanges({ channels, scaling }: ScanChannels): ImageKind {
  const missing = (): never => {
    throw new Error(`Cannot make ${channels} ${scaling} channels of a scan: the projection is not there yet`);
  };
  return {
    name: `LiDAR scans, ${channels} channels`,
    channels,
    bytesOf: (size) => pointsIn(size) * wordsOfPoint * 4,
    encode: encodeScan,
    input: (batch, size) => input("pixels", [batch, pointsIn(size) * wordsOfPoint], { dtype: "u32", layout: "plain" }),
    sample: missing,
    scans: { channelsOf: missing },
  };
}

/** The rows of a scan's file as they are. */
function encodeScan(image: PixelImage, name: string): Uint8Array<ArrayBuffer> {
  const { height: points, pixels, sensor } = image;
  const isScan = sensor !== undefined && pixels instanceof Float32Array &&
    (pixels.length === points * 4 || pixels.length === points * 5);
  if (!isScan) {
    throw new Error(`Cannot use ${name}: the network takes LiDAR scans; the image has ${describePixels(image)}`);
  }
  return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
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
