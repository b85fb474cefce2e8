/**
 * Rings around a sensor: in which of them the points of a scan lie, by their distance along the ground.
 *
 * @module
 */

import type { PixelImage } from "../data/sample.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { offsetAlignment } from "../graph/slices.ts";
import type { SampleBatch } from "./inference.ts";
import type { ScoreBatch } from "./scores.ts";

/** Metres at which the last ring begins, or less: it has all that is farther. Few points lie there. */
const farthest = 80;
/** Width of the narrowest rings in metres. There would be too many lists of narrower ones. */
export const narrowestRing = 2;

/**
 * How many rings there are.
 *
 * @param metres width of a ring; 0: there are none, and all is one.
 * @throws {RangeError} where it is neither 0 nor at least 2.
 */
export function ringCountOf(metres: number): number {
  if (metres === 0) return 1;
  if (metres >= narrowestRing) return Math.max(1, Math.ceil(farthest / metres));
  throw new RangeError(`Cannot divide scans into rings of ${metres} m: they must be at least ${narrowestRing} m wide`);
}

/** The ring of each point of a scan. */
export function ringsOfPoints({ height: points, pixels }: PixelImage, metres: number): Uint8Array<ArrayBuffer> {
  const last = ringCountOf(metres) - 1;
  const words = pixels.length / points;
  const rings = new Uint8Array(points);
  for (let point = 0; point < points; point++) {
    const distance = Math.hypot(pixels[point * words] ?? 0, pixels[point * words + 1] ?? 0);
    // A point that is no number is projected nowhere.
    rings[point] = distance < last * metres ? Math.floor(distance / metres) : last;
  }
  return rings;
}

/** The scans of a batch, with the ring of each point in the place of its label. */
export function withRings(group: SampleBatch, metres: number): SampleBatch {
  const samples = group.samples.map((sample) => ({
    ...sample,
    labels: ringsOfPoints(sample.image, metres),
    labelSize: { height: sample.image.height, width: 1 },
  }));
  return { ...group, samples };
}

/**
 * A batch with the ring of each pixel, in a buffer that the caller frees.
 *
 * @param found `[N, H, W]`, bytes: the ring of each pixel, 255 where there is no point.
 * @throws {RangeError} where each scan is a batch of its own and the rings of one do not begin at a whole word.
 */
export function batchWithRings(gpu: Gpu, batch: ScoreBatch, found: BufferRange): ScoreBatch {
  const { images, height, width, parts } = batch;
  const pixels = height * width;
  if (parts === undefined) {
    const size = Math.ceil(images * pixels / 4) * 4;
    const buffer = gpu.createBuffer(size, "rings");
    gpu.submit([], [{ from: { ...found, size }, to: buffer, toOffset: 0 }]);
    return { ...batch, rings: { buffer, offset: 0, size } };
  }
  if (pixels % 4 !== 0) {
    throw new RangeError(
      `Range images of ${height}×${width} pixels have no rings: their pixels must be a multiple of 4`,
    );
  }
  const distance = Math.ceil(pixels / offsetAlignment) * offsetAlignment;
  const buffer = gpu.createBuffer(images * distance, "rings");
  const copies = parts.map((_, image) => ({
    from: { buffer: found.buffer, offset: found.offset + image * pixels, size: pixels },
    to: buffer,
    toOffset: image * distance,
  }));
  gpu.submit([], copies);
  const ringsOf = (image: number): BufferRange => ({ buffer, offset: image * distance, size: pixels });
  return { ...batch, rings: ringsOf(0), parts: parts.map((part, image) => ({ ...part, rings: ringsOf(image) })) };
}
