/**
 * Words and shares in the place of paths: `0.1`.
 *
 * @module
 */

/**
 * What `labelled` is where all images are labelled in part, as in ScribbleKITTI: each of them is learnt from, and adapted
 * to where it has no label.
 */
export const scribbles = "scribbles";

/** The number in a text; `null` where it is no number, but a path. */
export function shareOf(text: string): number | null {
  return /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text) ? Number(text) : null;
}
