/**
 * Rare-class patch mining: crops placed around a pixel of a class that the labelling of the round predicted rarely.
 *
 * Sources: section 3.4 of Zou et al., ECCV 2018, and the two released programs, which differ. A third rule mines source
 * and target images among the three rarest classes.
 *
 * @module
 */

import { nearestTable } from "./resize.ts";
import type { Size } from "./size.ts";

/**
 * Whose rule places mined crops. Shares are those of `miningClasses`.
 * - `crst`: takes classes with a share below 0.001. The crop is centred on the pixel, then moved into the image. Target
 *   images only.
 * - `mxnet`: takes classes with a share below 0.001 that have a pixel at which a crop can be centred; where there is
 *   none, the three rarest classes that have one. The crop is centred on the pixel. Source and target images.
 * - `reference`: takes the three rarest classes. The crop is drawn uniformly among those that contain the pixel, then
 *   moved into the image. Source and target images.
 */
export type MiningRule = "crst" | "mxnet" | "reference";

/** The two domains that a round trains on. */
export type Domain = "source" | "target";

/** Mining in one round. */
export interface MiningPlan {
  /** How candidates are chosen and crops placed. */
  rule: MiningRule;
  /** The rare classes of the round. */
  classes: MiningClasses;
  /** The chance that a crop is mined. Default 0.8. */
  chance?: number;
}

/** The rare classes of a round. */
export interface MiningClasses {
  /** Classes in order of growing share, the first few. Equal shares go by class id. */
  readonly rarest: readonly number[];
  /** Classes with a share below 0.001, in order of growing share. Absent classes are among them. */
  readonly below: readonly number[];
}

/** Labels at the working size. */
export interface SampleLabels extends Size {
  /** Train ids `[height, width]`, 255 where ignored. */
  labels: Uint8Array;
}

/** A mined crop. */
export interface MinedWindow {
  /** Its first row in the scaled, padded image. */
  top: number;
  /** Its first column there. */
  left: number;
  /** The class it was placed around. */
  classId: number;
}

/** The domains whose crops a rule mines. */
export function minedDomains(rule: MiningRule): Domain[] {
  return rule === "crst" ? ["target"] : ["source", "target"];
}

/**
 * The rare classes by their sizes. For the rules `crst` and `reference` the sizes are predicted pixels, for `mxnet`
 * they are lengths of the threshold lists. `rareCount` is the number of `rarest`, default 3.
 */
export function miningClasses(sizes: readonly number[], rareCount = 3): MiningClasses {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const shares = sizes.map((size) => total > 0 ? size / total : 0);
  const order = [...shares.keys()].sort((a, b) => (shares[a] ?? 0) - (shares[b] ?? 0) || a - b);
  return { rarest: order.slice(0, rareCount), below: order.filter((id) => (shares[id] ?? 0) < 0.001) };
}

/**
 * The mined crop of an image scaled to `scaled`. It is `null` where the crop is to be a plain one, either by chance or
 * because the image has no rare class. `uniform(i)` are independent numbers in `[0, 1)`; the first five are used.
 */
export function minedWindow(
  labels: SampleLabels,
  scaled: Size,
  crop: Size,
  mining: MiningPlan,
  uniform: (draw: number) => number,
): MinedWindow | null {
  if (uniform(0) >= (mining.chance ?? 0.8)) return null;
  const area = allowedArea(mining.rule, scaled, crop);
  const view = new ScaledLabels(labels, scaled);
  const counts = view.count(area);
  const present = (classes: readonly number[]) => classes.filter((id) => (counts[id] ?? 0) > 0);
  const { rarest, below } = mining.classes;
  const first = present(mining.rule === "reference" ? rarest : below);
  const candidates = mining.rule === "mxnet" && first.length === 0 ? present(rarest) : first;
  const classId = candidates[Math.floor(uniform(1) * candidates.length)];
  if (classId === undefined) return null;
  const [row, column] = view.find(area, classId, Math.floor(uniform(2) * (counts[classId] ?? 0)));
  const start = (seed: number, size: number, cropSize: number, draw: number) =>
    mining.rule === "reference"
      ? clampedStart(seed - Math.floor(uniform(draw) * cropSize), size, cropSize)
      : centredStart(seed, size, cropSize);
  return { top: start(row, scaled.height, crop.height, 3), left: start(column, scaled.width, crop.width, 4), classId };
}

/**
 * The start of a window of `crop` places centred on `seed`: `seed − ⌊crop / 2⌋`, moved into the side. The side has
 * `size` places, padded to `crop`.
 */
export function centredStart(seed: number, size: number, crop: number): number {
  return clampedStart(seed - Math.floor(crop / 2), size, crop);
}

function clampedStart(start: number, size: number, crop: number): number {
  return Math.min(Math.max(start, 0), Math.max(size, crop) - crop);
}

/** The rows and columns of the pixels that may be chosen; ends are excluded. */
interface Area {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/**
 * The area in which a pixel may be chosen. It is all of the scaled image. For `mxnet` it is the part `[⌊c/2⌋, size −
 * ⌊c/2⌋ − 1)`, at whose pixels a crop of `c` can be centred. (The released program leaves out a further border of half
 * a label cell, because its labels have an eighth of the resolution. Ours have all of it.)
 */
function allowedArea(rule: MiningRule, scaled: Size, crop: Size): Area {
  if (rule !== "mxnet") return { top: 0, bottom: scaled.height, left: 0, right: scaled.width };
  const halfHeight = Math.floor(crop.height / 2);
  const halfWidth = Math.floor(crop.width / 2);
  return {
    top: halfHeight,
    bottom: scaled.height - halfHeight - 1,
    left: halfWidth,
    right: scaled.width - halfWidth - 1,
  };
}

/**
 * Labels as they look when scaled by the nearest pixel. The scaled map is not made. Padding is ignored everywhere, so
 * it is left out.
 */
class ScaledLabels {
  readonly #labels: SampleLabels;
  readonly #rows: Uint32Array;
  readonly #columns: Uint32Array;

  constructor(labels: SampleLabels, scaled: Size) {
    this.#labels = labels;
    this.#rows = nearestTable(labels.height, scaled.height);
    this.#columns = nearestTable(labels.width, scaled.width);
  }

  /** Pixels of each id in an area. */
  count(area: Area): Uint32Array {
    const counts = new Uint32Array(256);
    for (let row = area.top; row < area.bottom; row++) {
      const start = (this.#rows[row] ?? 0) * this.#labels.width;
      for (let column = area.left; column < area.right; column++) {
        const id = this.#labels.labels[start + (this.#columns[column] ?? 0)] ?? 255;
        counts[id] = (counts[id] ?? 0) + 1;
      }
    }
    return counts;
  }

  /** The pixel of a class that comes after `skip` others of it, in row-major order: its row and column. */
  find(area: Area, classId: number, skip: number): [number, number] {
    let left = skip;
    for (let row = area.top; row < area.bottom; row++) {
      const start = (this.#rows[row] ?? 0) * this.#labels.width;
      for (let column = area.left; column < area.right; column++) {
        if (this.#labels.labels[start + (this.#columns[column] ?? 0)] === classId && left-- === 0) return [row, column];
      }
    }
    throw new RangeError(`Only ${skip - left} pixels of class ${classId} are in the area, expected more than ${skip}`);
  }
}
