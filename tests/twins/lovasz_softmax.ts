/**
 * Lovász-softmax and dice in plain loops, the errors sorted: the definitions that the kernels are tested against.
 *
 * @module
 */

/** Sizes `[N, C, H, W]` of the logits; labels `[N, H, W]` that are no class are ignored. */
export interface TwinLoss {
  readonly logits: readonly number[];
  readonly ignoreLabel?: number;
}

/** The probabilities of each pixel that counts, and its class. */
function pixelsOf(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { logits: [batch = 1, classes = 1, height = 1, width = 1], ignoreLabel = 255 }: TwinLoss,
): { readonly p: Float64Array; readonly label: number }[] {
  const area = height * width;
  return Array.from({ length: batch * area }, (_, pixel) => {
    const start = Math.floor(pixel / area) * classes * area + pixel % area;
    const values = Array.from({ length: classes }, (_, c) => logits[start + c * area] ?? NaN);
    const largest = Math.max(...values);
    const exponentials = values.map((value) => Math.exp(value - largest));
    const sum = exponentials.reduce((total, value) => total + value, 0);
    return { p: Float64Array.from(exponentials, (value) => value / sum), label: labels[pixel] ?? NaN };
  }).filter(({ label }) => label < classes && label !== ignoreLabel);
}

/** The mean over the classes that are there of Σ e_i·(J_i − J_{i−1}) over the errors e, the largest first. */
export function lovaszSoftmax(logits: ArrayLike<number>, labels: ArrayLike<number>, sizes: TwinLoss): [number] {
  const pixels = pixelsOf(logits, labels, sizes);
  const losses = Array.from({ length: sizes.logits[1] ?? 1 }, (_, c) => {
    const foreground = pixels.filter(({ label }) => label === c).length;
    if (foreground === 0) return null;
    const errors = pixels.map(({ p, label }) => {
      const isForeground = label === c;
      return { isForeground, error: isForeground ? 1 - (p[c] ?? NaN) : p[c] ?? NaN };
    }).sort((a, b) => b.error - a.error);
    let [loss, before, found, others] = [0, 0, 0, 0];
    for (const { isForeground, error } of errors) {
      if (isForeground) found++;
      else others++;
      const jaccard = 1 - (foreground - found) / (foreground + others);
      loss += error * (jaccard - before);
      before = jaccard;
    }
    return loss;
  }).filter((loss) => loss !== null);
  return [losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length)];
}

/** The mean over all classes of 1 − 2·Σ p·t / (Σ (p + t) + 1e-4), 0 where no pixel counts. */
export function dice(logits: ArrayLike<number>, labels: ArrayLike<number>, sizes: TwinLoss): [number] {
  const pixels = pixelsOf(logits, labels, sizes);
  if (pixels.length === 0) return [0];
  const classes = sizes.logits[1] ?? 1;
  const terms = Array.from({ length: classes }, (_, c) => {
    let [products, sums] = [0, 0];
    for (const { p, label } of pixels) {
      const [probability, goal] = [p[c] ?? NaN, label === c ? 1 : 0];
      products += probability * goal;
      sums += probability + goal;
    }
    return 1 - 2 * products / (sums + 1e-4);
  });
  return [terms.reduce((sum, term) => sum + term, 0) / classes];
}
