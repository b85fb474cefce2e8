/**
 * Bias and sums per channel in plain loops.
 *
 * @module
 */

/** y[n,c,i,j] = x[n,c,i,j] + b[c]. */
export function bias(x: ArrayLike<number>, shape: readonly number[], b: ArrayLike<number>): Float64Array {
  return Float64Array.from(x, (value, index) => value + (b[channelOf(index, shape)] ?? 0));
}

/** s[c] = Σ x[n,c,i,j]. */
export function channelSum(x: ArrayLike<number>, shape: readonly number[]): Float64Array {
  const sums = new Float64Array(shape[1] ?? 1);
  for (let index = 0; index < x.length; index++) {
    const channel = channelOf(index, shape);
    sums[channel] = (sums[channel] ?? 0) + (x[index] ?? 0);
  }
  return sums;
}

function channelOf(index: number, shape: readonly number[]): number {
  const [, channels = 1, height = 1, width = 1] = shape;
  return Math.floor(index / (height * width)) % channels;
}
