/**
 * Sums per channel in plain loops.
 *
 * @module
 */

/** s[c] = Σ x[n,c,i,j]. */
export function channelSum(x: ArrayLike<number>, shape: readonly number[]): Float64Array {
  const [, channels = 1, height = 1, width = 1] = shape;
  const sums = new Float64Array(channels);
  for (let index = 0; index < x.length; index++) {
    const channel = Math.floor(index / (height * width)) % channels;
    sums[channel] = (sums[channel] ?? 0) + (x[index] ?? 0);
  }
  return sums;
}
