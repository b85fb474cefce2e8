/**
 * The loss of range images by its definition, in double precision: cross-entropy over all pixels + dice + 3 · Lovász-softmax
 * of the present classes, with an id that is a channel of the logits and ignored among the labels. For the network's
 * parity only; ops have their own tests.
 *
 * @module
 */

/** A loss, and its gradient at the logits. */
export interface RangeLoss {
  readonly loss: number;
  /** `[N, C, H, W]`. */
  readonly gradient: Float64Array;
}

/**
 * The loss of logits `[N, C, H, W]`.
 *
 * @param plane pixels of an image.
 * @param labels `[N, H, W]`; those that are `ignored` do not count.
 */
export function rangeLoss(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { classes, plane, ignored }: { readonly classes: number; readonly plane: number; readonly ignored: number },
): RangeLoss {
  const pixels = labels.length;
  const at = (pixel: number, channel: number) =>
    (Math.floor(pixel / plane) * classes + channel) * plane + pixel % plane;
  const shares = softmaxOf(logits, { classes, pixels, at });
  const share = (pixel: number, channel: number) => shares[at(pixel, channel)] ?? NaN;
  const valid = Array.from({ length: pixels }, (_, pixel) => pixel).filter((pixel) => labels[pixel] !== ignored);
  const atShares = new Float64Array(shares.length);
  const addTo = (pixel: number, channel: number, value: number) => {
    const index = at(pixel, channel);
    atShares[index] = (atShares[index] ?? 0) + value;
  };
  let loss = 0;
  for (const pixel of valid) {
    const own = labels[pixel] ?? 0;
    loss -= Math.log(share(pixel, own)) / pixels;
    addTo(pixel, own, -1 / (share(pixel, own) * pixels));
  }
  for (let channel = 0; channel < classes; channel++) {
    let [both, sum] = [0, 1e-4];
    const isOwn = (pixel: number) => labels[pixel] === channel ? 1 : 0;
    for (const pixel of valid) {
      both += share(pixel, channel) * isOwn(pixel);
      sum += share(pixel, channel) + isOwn(pixel);
    }
    loss += (1 - 2 * both / sum) / classes;
    for (const pixel of valid) addTo(pixel, channel, (2 * both / sum ** 2 - 2 * isOwn(pixel) / sum) / classes);
  }
  const present = [...new Set(valid.map((pixel) => labels[pixel] ?? 0))];
  for (const channel of present) {
    const errors = valid.map((pixel) => {
      const isOwn = labels[pixel] === channel;
      return { pixel, isOwn, error: isOwn ? 1 - share(pixel, channel) : share(pixel, channel) };
    }).sort((a, b) => b.error - a.error);
    const count = errors.filter(({ isOwn }) => isOwn).length;
    let [missed, wrong, before] = [0, 0, 0];
    for (const { pixel, isOwn, error } of errors) {
      if (isOwn) missed++;
      else wrong++;
      const jaccard = 1 - (count - missed) / (count + wrong);
      const weight = 3 * (jaccard - before) / present.length;
      before = jaccard;
      loss += weight * error;
      addTo(pixel, channel, isOwn ? -weight : weight);
    }
  }
  return { loss, gradient: throughSoftmax(shares, atShares, { classes, pixels, at }) };
}

interface Places {
  readonly classes: number;
  readonly pixels: number;
  readonly at: (pixel: number, channel: number) => number;
}

function softmaxOf(logits: ArrayLike<number>, { classes, pixels, at }: Places): Float64Array {
  const shares = new Float64Array(pixels * classes);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const values = Array.from({ length: classes }, (_, channel) => logits[at(pixel, channel)] ?? NaN);
    const largest = Math.max(...values);
    const sum = values.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    for (const [channel, value] of values.entries()) shares[at(pixel, channel)] = Math.exp(value - largest) / sum;
  }
  return shares;
}

function throughSoftmax(shares: Float64Array, atShares: Float64Array, { classes, pixels, at }: Places): Float64Array {
  const gradient = new Float64Array(shares.length);
  for (let pixel = 0; pixel < pixels; pixel++) {
    let mean = 0;
    for (let channel = 0; channel < classes; channel++) {
      mean += (shares[at(pixel, channel)] ?? NaN) * (atShares[at(pixel, channel)] ?? NaN);
    }
    for (let channel = 0; channel < classes; channel++) {
      const index = at(pixel, channel);
      gradient[index] = (shares[index] ?? NaN) * ((atShares[index] ?? NaN) - mean);
    }
  }
  return gradient;
}
