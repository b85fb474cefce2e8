/**
 * How sums over all pixels are cut into parts.
 *
 * @module
 */

/** Invocations that keep a large GPU busy; sums are split until there are as many. */
const wantedInvocations = 4096;
/** Fewer pixels than this in a part are not worth an invocation. */
const minPixelsPerSplit = 32;
/** Most pixels that one invocation walks over. */
const maxPixelsPerSplit = 16_384;

/** Parts of a sum over pixels, for each of `vectors` vec4 of channels, and the pixels of each part (the last: or less). */
export function pixelSplits(pixels: number, vectors: number): { splits: number; pixelsPerSplit: number } {
  const wanted = Math.ceil(pixels * vectors / wantedInvocations);
  const most = Math.min(Math.max(wanted, minPixelsPerSplit), maxPixelsPerSplit, pixels);
  const splits = Math.ceil(pixels / most);
  // Shaders find ⌈pixels / splits⌉ by themselves, so both sides must agree on it, and no part may be empty.
  const pixelsPerSplit = Math.ceil(pixels / splits);
  return { splits: Math.ceil(pixels / pixelsPerSplit), pixelsPerSplit };
}
