/**
 * Where the parameters of a network lie in buffers that one binding can see.
 *
 * @module
 */

import { type Layout, storedBytes } from "../graph/layout.ts";

/** Where a parameter lies. */
export interface PlacementOf<Declaration> {
  /** The parameter. */
  readonly declaration: Declaration;
  /** Index of the buffer. */
  readonly segment: number;
  /** Its first byte in the buffer. */
  readonly offset: number;
  /** Its bytes, whole vec4f. */
  readonly bytes: number;
}

/**
 * Places parameters one after the other. Each begins at a multiple of 256 bytes, an offset at which every adapter can
 * bind.
 *
 * @param limit the most bytes of a segment. A larger parameter gets one of its own.
 */
export function placeInSegments<Declaration extends { readonly shape: readonly number[]; readonly layout: Layout }>(
  declarations: readonly Declaration[],
  limit: number,
): { placements: PlacementOf<Declaration>[]; segmentBytes: number[] } {
  const placements: PlacementOf<Declaration>[] = [];
  const segmentBytes: number[] = [];
  let end = 0;
  for (const declaration of declarations) {
    const bytes = Math.ceil(storedBytes(declaration.shape, "f32", declaration.layout) / 16) * 16;
    let offset = Math.ceil(end / 256) * 256;
    if (segmentBytes.length === 0 || offset + bytes > limit) {
      segmentBytes.push(0);
      offset = 0;
    }
    end = offset + bytes;
    segmentBytes[segmentBytes.length - 1] = end;
    placements.push({ declaration, segment: segmentBytes.length - 1, offset, bytes });
  }
  return { placements, segmentBytes };
}
