/**
 * Whether the palette of a label file agrees with the data set's. The indices of a palette file are its ids. If the
 * colours say something else, the ids may be in another order than the classes.
 *
 * @module
 */

import type { LabelColours } from "../data/class_map.ts";

/** An id whose colour in a label file is not that of its class. */
export interface StrayColour {
  readonly id: number;
  /** The colour in the file, as one number. */
  readonly colour: number;
  /** The id whose colour this is in the data set's palette; `null` if it is none's. */
  readonly meantId: number | null;
}

/**
 * The first id that occurs and has another colour in the file's palette than in the data set's; `null` if there is
 * none, or one of the palettes is missing. A grey that is the id itself says nothing: so are palettes filled that have no
 * meaning. Ids that the data set's palette does not hold are passed over.
 *
 * @param counts the pixels of each id.
 * @param palette red, green and blue of each index.
 */
export function strayColour(
  counts: Uint32Array,
  palette: Uint8Array | null,
  colours: LabelColours | undefined,
): StrayColour | null {
  if (palette === null || colours === undefined) return null;
  const colourOf = new Map([...colours].map(([colour, id]) => [id, colour]));
  for (const [id, count] of counts.entries()) {
    const [red, green, blue] = palette.subarray(3 * id, 3 * id + 3);
    if (count === 0 || red === undefined || green === undefined || blue === undefined) continue;
    const wanted = colourOf.get(id);
    const colour = red << 16 | green << 8 | blue;
    const isRamp = red === id && green === id && blue === id;
    if (wanted === undefined || wanted === colour || isRamp) continue;
    return { id, colour, meantId: colours.get(colour) ?? null };
  }
  return null;
}
