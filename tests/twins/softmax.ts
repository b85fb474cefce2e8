/**
 * Softmax over channels in plain loops.
 *
 * @module
 */

/** exp(x) / Σ exp(x) over the channels of `[N, C, H, W]`. */
export function softmax(x: ArrayLike<number>, shape: readonly number[]): Float64Array {
  const [batch = 1, channels = 1, height = 1, width = 1] = shape;
  const pixels = height * width;
  const y = new Float64Array(x.length);
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < pixels; p++) {
      const at = Array.from({ length: channels }, (_, c) => (n * channels + c) * pixels + p);
      const largest = Math.max(...at.map((index) => x[index] ?? 0));
      const exponentials = at.map((index) => Math.exp((x[index] ?? 0) - largest));
      const sum = exponentials.reduce((a, b) => a + b, 0);
      for (const [c, index] of at.entries()) y[index] = (exponentials[c] ?? 0) / sum;
    }
  }
  return y;
}
