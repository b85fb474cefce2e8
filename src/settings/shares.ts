/**
 * Shares in the place of paths: `0.1`.
 *
 * @module
 */

/** The number in a text; `null` where it is no number, but a path. */
export function shareOf(text: string): number | null {
  return /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text) ? Number(text) : null;
}
