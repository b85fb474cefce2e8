/**
 * Batch norm in plain loops.
 *
 * @module
 */

/** Statistics per channel: mean, then biased variance. */
export function batchNormStatistics(x: ArrayLike<number>, shape: readonly number[]): Float64Array {
  const [, channels = 1] = shape;
  const result = new Float64Array(2 * channels);
  const counts = new Float64Array(channels);
  forEach(shape, (index, channel) => {
    result[channel] = (result[channel] ?? 0) + (x[index] ?? 0);
    counts[channel] = (counts[channel] ?? 0) + 1;
  });
  for (let channel = 0; channel < channels; channel++) {
    result[channel] = (result[channel] ?? 0) / (counts[channel] ?? 1);
  }
  forEach(shape, (index, channel) => {
    const difference = (x[index] ?? 0) - (result[channel] ?? 0);
    result[channels + channel] = (result[channels + channel] ?? 0) + difference ** 2 / (counts[channel] ?? 1);
  });
  return result;
}

/** γ·(x − μ)/√(σ² + ε) + β, with `statistics` [μ…, σ²…]. */
export function batchNorm(
  x: ArrayLike<number>,
  shape: readonly number[],
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
  statistics: ArrayLike<number>,
  epsilon: number,
): Float64Array {
  const [, channels = 1] = shape;
  const y = new Float64Array(x.length);
  forEach(shape, (index, channel) => {
    const deviation = Math.sqrt((statistics[channels + channel] ?? 0) + epsilon);
    const normalized = ((x[index] ?? 0) - (statistics[channel] ?? 0)) / deviation;
    y[index] = (gamma[channel] ?? 0) * normalized + (beta[channel] ?? 0);
  });
  return y;
}

function forEach(shape: readonly number[], visit: (index: number, channel: number) => void) {
  const [batch = 1, channels = 1, height = 1, width = 1] = shape;
  for (let index = 0; index < batch * channels * height * width; index++) {
    visit(index, Math.floor(index / (height * width)) % channels);
  }
}
