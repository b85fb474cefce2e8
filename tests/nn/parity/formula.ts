/**
 * Parameters, images, labels and sketches by a formula, as `net.py` has them: no weight file is needed.
 *
 * @module
 */

const golden = 0x9e3779b9;
/** Numbers of the tensors that are no parameters. */
const [imageTensor, labelTensor, sketchTensor] = [1000, 1001, 1002];
/** Numbers of a sketch. */
const buckets = 256;

/** A well mixed number below 2³² for index `i` of tensor number `t` (`../shared/vectors/lidar/README.md`). */
function mixed(t: number, i: number): number {
  let h = (i + Math.imul(golden, t + 1)) >>> 0;
  h = Math.imul(h ^ h >>> 16, 0x7feb352d);
  h = Math.imul(h ^ h >>> 15, 0x846ca68b);
  return (h ^ h >>> 16) >>> 0;
}

/** Numbers from −1 to 1. */
function uniform(t: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => mixed(t, i) / 2 ** 32 * 2 - 1);
}

/** The values of a parameter: the `t`-th that the network in PyTorch asks for. */
export function formulaParameter(name: string, shape: readonly number[], t: number): Float32Array<ArrayBuffer> {
  const fanIn = shape.slice(1).reduce((product, side) => product * side, 1);
  const forms: Record<string, (x: number) => number> = {
    weight: (x) => x * Math.sqrt(3 / fanIn),
    bias: (x) => 0.1 * x,
    gamma: (x) => 1 + 0.2 * x,
    beta: (x) => 0.1 * x,
    mean: (x) => 0.1 * x,
    var: (x) => 1 + 0.5 * x,
  };
  const form = forms[name.split(".").at(-1) ?? ""];
  if (form === undefined) throw new Error(`The formula knows no parameter like ${name}`);
  return Float32Array.from(uniform(t, fanIn * (shape[0] ?? 1)), form);
}

/** Normalised images of so many numbers. */
export function formulaImages(seed: number, count: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(uniform(imageTensor + 3 * seed, count), (x) => 0.5 * x);
}

/** Labels of so many pixels. Every eleventh is ignored. */
export function formulaLabels(seed: number, count: number, classes: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    { length: count },
    (_, i) => i % 11 === 5 ? 255 : mixed(labelTensor + 3 * seed, i) % classes,
  );
}

/**
 * A tensor of few numbers as it is, and else sums of its numbers with signs. Its squared length is that of the tensor,
 * give or take 9 %, and so is that of the difference of two tensors.
 */
export function sketch(values: Float32Array): Float64Array {
  if (values.length <= buckets) return Float64Array.from(values);
  const sums = new Float64Array(buckets);
  for (const [index, value] of values.entries()) {
    const h = mixed(sketchTensor, index);
    sums[h % buckets] = (sums[h % buckets] ?? 0) + (h >>> 31 === 0 ? value : -value);
  }
  return sums;
}
