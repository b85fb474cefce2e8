/**
 * What the selection knows of the pixels of range images: which are empty, and, where classes have a threshold in each
 * ring, in which ring the others lie. The pixels of other images are all filled, and there is one ring.
 *
 * @module
 */

import type { BufferRange } from "../gpu/launch.ts";
import type { ShaderConstants } from "../gpu/shader.ts";
import type { ScoreBatch, ScoreOptions } from "./scores.ts";

/** How many lists of ranked keys there are: one for each class, and with rings one for each class in each ring. */
export function listCountOf({ classes, ringCount = 1 }: ScoreOptions): number {
  return classes * ringCount;
}

/** What is added to the number of a list for a pixel that counts, but is not ranked. It is above all numbers of lists. */
export function unrankedMark(lists: number): number {
  return lists < 256 ? 256 : 65_536;
}

/** What a kernel takes of the zones. */
export interface ZoneParts {
  /** The file that the kernel includes as `ZONES`. */
  readonly includes: Readonly<Record<string, string>>;
  /** The constants of that file. */
  readonly constants: ShaderConstants;
  /** The buffers that follow the kernel's own. */
  readonly bindings: readonly BufferRange[];
}

/**
 * The zones of a batch, for a kernel with so many bindings of its own.
 *
 * @throws {RangeError} where the scores have rings and the batch says nothing of them.
 */
export function zoneParts(batch: ScoreBatch, scores: ScoreOptions, bindings: 5 | 6): ZoneParts {
  const { ringCount = 1 } = scores;
  if (ringCount > 1 && batch.rings === undefined) {
    throw new RangeError("A batch does not say in which ring a pixel lies");
  }
  const zones = ringCount > 1 ? batch.rings : batch.filled;
  if (zones === undefined) return { includes: { ZONES: "lib/every_pixel.wgsl" }, constants: {}, bindings: [] };
  return {
    includes: { ZONES: `lib/zones_${bindings}.wgsl` },
    constants: { RINGS: ringCount, UNRANKED: unrankedMark(listCountOf(scores)) },
    bindings: [zones],
  };
}
