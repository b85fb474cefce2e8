/**
 * Labels of points from those of pixels, in plain loops: the definition that the kernel is tested against. Numbers are
 * rounded to float32 where the kernel rounds them.
 *
 * @module
 */

import type { PointRule } from "../../src/ops/scans/backproject.ts";

/** All rules, the default first. */
export const pointRules: readonly PointRule[] = ["nearest", "none", "knn"];

/** One scan and the labels of its pixels. */
export interface TwinScan {
  readonly height: number;
  readonly width: number;
  /** `[H, W]`; 255 without a label. */
  readonly labels: ArrayLike<number>;
  /** `[H, W]`: index of the point of each pixel, −1 where empty. */
  readonly winners: ArrayLike<number>;
  /** The pixel of each point, −1 where it has none. */
  readonly pixels: ArrayLike<number>;
  /** The range of each point, float32. */
  readonly ranges: ArrayLike<number>;
}

interface Neighbour {
  readonly range: number;
  readonly label: number;
  readonly squared: number;
}

/** The label of each point; 255 without one. */
export function backproject(scan: TwinScan, rule: PointRule, isPadded = false): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: scan.pixels.length }, (_, point) => {
    const pixel = scan.pixels[point] ?? -1;
    if (pixel < 0) return 255;
    const range = scan.ranges[point] ?? NaN;
    const own = scan.labels[pixel] ?? 255;
    const winner = scan.winners[pixel] ?? -1;
    if (rule === "none" || (rule === "nearest" && winner >= 0 && scan.ranges[winner] === range)) return own;
    const neighbours = windowOf(scan, pixel, isPadded);
    return rule === "nearest" ? nearestOf(neighbours, range) : voteOf(neighbours, range);
  });
}

/** The places of the 5×5 window in row-major order that take part. */
function windowOf({ height, width, labels, winners, ranges }: TwinScan, pixel: number, isPadded: boolean) {
  const found: Neighbour[] = [];
  for (let down = -2; down <= 2; down++) {
    for (let right = -2; right <= 2; right++) {
      const row = Math.floor(pixel / width) + down;
      const column = pixel % width + right;
      const squared = down ** 2 + right ** 2;
      if (row < 0 || row >= height || column < 0 || column >= width) {
        if (isPadded) found.push({ range: 0, label: 0, squared });
        continue;
      }
      const place = row * width + column;
      const winner = winners[place] ?? -1;
      const label = labels[place] ?? 255;
      if (winner >= 0) found.push({ range: ranges[winner] ?? NaN, label, squared });
      else if (isPadded) found.push({ range: -1, label, squared });
    }
  }
  return found;
}

function nearestOf(neighbours: readonly Neighbour[], range: number): number {
  let best: Neighbour | undefined;
  const apart = (neighbour: Neighbour) => Math.fround(Math.abs(Math.fround(neighbour.range - range)));
  for (const neighbour of neighbours) {
    if (best === undefined || apart(neighbour) < apart(best)) best = neighbour;
  }
  return best?.label ?? 255;
}

function voteOf(neighbours: readonly Neighbour[], range: number): number {
  const sum = [0, 1, 4, 1, 4].reduce((total, a) => {
    return total + [0, 1, 4, 1, 4].reduce((inner, b) => inner + Math.exp(-(a + b) / 2), 0);
  }, 0);
  const weighted = neighbours.filter((neighbour) => neighbour.squared === 0 || neighbour.range >= 0).map(
    ({ range: own, label, squared }) => ({
      label,
      distance: squared === 0 ? 0 : Math.fround(
        Math.abs(Math.fround(own - range)) * Math.fround(1 - Math.exp(-squared / 2) / sum),
      ),
    }),
  );
  // A stable sort keeps the row-major order of equal distances.
  const voters = weighted.sort((a, b) => a.distance - b.distance).slice(0, 5);
  const votes = new Map<number, number>();
  for (const { label, distance } of voters) {
    if (label !== 255 && distance <= 1) votes.set(label, (votes.get(label) ?? 0) + 1);
  }
  const [winner] = [...votes].sort(([a, first], [b, second]) => second - first || a - b);
  return winner?.[0] ?? 255;
}
