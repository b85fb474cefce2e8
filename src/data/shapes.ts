/**
 * Images of many shapes in few sizes. A network is compiled for a size, and that takes seconds. So images that keep
 * their shape are padded to one of a few canvases, which are chosen for the images of a run.
 *
 * @module
 */

import { enclosingSize, formatSize, isExact, isSameSize, type Size, type WorkingSize, workingSize } from "./size.ts";

/** The most canvases that are chosen, and so the most programs that are compiled for labelling and scoring. */
export const mostCanvases = 4;

/** At which sizes images are worked on. */
export interface ShapeOptions {
  /** How large an image is worked on. */
  readonly size: WorkingSize;
  /**
   * The sizes to which images are padded for the network. An image that fits none is padded by itself. Default: the size
   * that all images have, if there is one.
   */
  readonly canvases?: readonly Size[] | undefined;
  /**
   * Whether the images have several sizes. Then the kernels that label pixels read the size of each image; otherwise
   * they are compiled for the one size. Default: `true` unless all images are worked on at exactly one size.
   */
  readonly areMixed?: boolean | undefined;
  /**
   * LiDAR scans: the most points of a scan, so that one program takes all. A scan with more points has a program of its
   * own. Default: as many as come.
   */
  readonly points?: number | undefined;
}

/** At which sizes images are worked on, without anything left open. */
export interface Shapes extends ShapeOptions {
  /** As in the options. */
  readonly canvases: readonly Size[];
  /** As in the options. */
  readonly areMixed: boolean;
}

/** At which sizes the images of a run are worked on. */
export interface RunShapes extends Shapes {
  /** The size of the spatial prior: the most frequent working size of the source images. */
  readonly typical: Size;
}

/** The options with their defaults. */
export function groupingOf({ size, canvases, areMixed }: ShapeOptions): Pick<Shapes, "canvases" | "areMixed"> {
  return { canvases: canvases ?? (isExact(size) ? [size] : []), areMixed: areMixed ?? !isExact(size) };
}

/** Shapes of images that are all worked on at exactly this size. */
export function exactly(size: Size): RunShapes {
  return { size, canvases: [size], areMixed: false, typical: size };
}

/**
 * The shapes of images whose own sizes are known.
 *
 * @param own the size of each image.
 * @param multiple what the sides of a canvas are multiples of.
 */
export function planShapes(size: WorkingSize, own: readonly Size[], multiple: number): Shapes {
  if (isExact(size)) return exactly(size);
  const canvases = planCanvases(own.map((one) => workingSize(one, size)), multiple);
  return { size, canvases, areMixed: countSizes(own).length !== 1 };
}

/**
 * The most frequent of some sizes. Of equally frequent ones, the first.
 *
 * @throws {RangeError} if there is none.
 */
export function mostFrequent(sizes: readonly Size[]): Size {
  const [first, ...others] = countSizes(sizes);
  if (first === undefined) throw new RangeError("There is no image, so there is no most frequent size");
  return others.reduce((most, one) => one.count > most.count ? one : most, first).size;
}

/** The size to which an image is padded: the smallest canvas that holds it. If there is none, its own. */
export function canvasOf(size: Size, canvases: readonly Size[], multiple: number): Size {
  const fitting = canvases.filter((canvas) => holds(canvas, size));
  const [first = enclosingSize(size, multiple), ...others] = fitting;
  return others.reduce((least, canvas) => area(canvas) < area(least) ? canvas : least, first);
}

/**
 * Chooses at most `most` canvases for images of these sizes, so that little is padded: the two whose union adds the
 * least padding are joined, until there are few enough.
 *
 * @param multiple what the sides of a canvas are multiples of.
 */
export function planCanvases(sizes: readonly Size[], multiple: number, most: number = mostCanvases): Size[] {
  let canvases = countSizes(sizes.map((size) => enclosingSize(size, multiple)));
  // Joining takes time with the cube of their number, so sides are made coarser where they are very different.
  for (let coarse = 2 * multiple; canvases.length > 100; coarse *= 2) {
    canvases = countSizes(sizes.map((size) => enclosingSize(size, coarse)));
  }
  while (canvases.length > most) canvases = joinNearest(canvases);
  return canvases.map(({ size }) => size);
}

interface CountedSize {
  readonly size: Size;
  readonly count: number;
}

function joinNearest(canvases: readonly CountedSize[]): CountedSize[] {
  let best = { cost: Infinity, first: 0, second: 0 };
  for (const [second, b] of canvases.entries()) {
    for (const [first, a] of canvases.slice(0, second).entries()) {
      const added = (one: CountedSize) => one.count * (area(union(a.size, b.size)) - area(one.size));
      const cost = added(a) + added(b);
      if (cost < best.cost) best = { cost, first, second };
    }
  }
  const { first, second } = best;
  const [a, b] = [canvases[first], canvases[second]];
  if (a === undefined || b === undefined) return [...canvases];
  const joined = { size: union(a.size, b.size), count: a.count + b.count };
  return [joined, ...canvases.filter((_, index) => index !== first && index !== second)];
}

/** The different sizes with their numbers, in the order in which they come first. */
function countSizes(sizes: readonly Size[]): CountedSize[] {
  const counts = new Map<string, CountedSize>();
  for (const size of sizes) {
    const key = formatSize(size);
    counts.set(key, { size, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

function union(a: Size, b: Size): Size {
  return { height: Math.max(a.height, b.height), width: Math.max(a.width, b.width) };
}

function holds(canvas: Size, size: Size): boolean {
  return canvas.height >= size.height && canvas.width >= size.width;
}

function area({ height, width }: Size): number {
  return height * width;
}

/** How many of some images have another shape than `size`, and so are stretched when they are worked on at that size. */
export function countStretched(own: readonly Size[], size: Size): number {
  return own.filter((one) => !isSameSize(workingSize(one, { shortSide: Math.min(size.height, size.width) }), size))
    .length;
}
