/**
 * From the pseudo-labels of range images to those of scans. Training projects scans anew each time, turned and shifted,
 * so labels belong to points, not to pixels.
 *
 * @module
 */

import { IGNORE_LABEL } from "../data/class_map.ts";
import type { SampleLabelMap } from "../data/sample.ts";
import { noPoint } from "../ops/scans/geometry.ts";

/**
 * The labels of a scan's points: the point that a pixel shows takes the pixel's label. All others are ignored.
 *
 * @param labels of the pixels.
 * @param winners the point that each pixel shows, `noPoint` where it shows none.
 * @param points how many the scan has.
 */
export function labelsOfPoints(labels: Uint8Array, winners: Uint32Array, points: number): SampleLabelMap {
  const result = new Uint8Array(points).fill(IGNORE_LABEL);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const point = winners[pixel] ?? noPoint;
    if (point < points) result[point] = labels[pixel] ?? IGNORE_LABEL;
  }
  return { height: points, width: 1, labels: result };
}
