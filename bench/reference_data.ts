/**
 * The reference workload without any engine: its layers and its sizes. Weights, images and labels are functions of an
 * index, so that every engine and `bench/reference.py` start from the same numbers.
 *
 * @module
 */

import { headInputs, headRates, layers } from "../src/nn/models/residual_layers.ts";

export {
  blocks,
  epsilon,
  headInputs,
  headRates,
  layers,
  outputStride,
  type ReferenceBlock,
  type ReferenceLayer,
  stem,
} from "../src/nn/models/residual_layers.ts";

/** Images of a batch. */
export const batch = 2;
/** Rows of an image. */
export const height = 256;
/** Columns of an image. */
export const width = 512;
/** Number of classes. */
export const classes = 19;
/** The label that takes no part. */
export const ignoreLabel = 255;
/** SGD: w ← w − learningRate·v, v ← momentum·v + gradient. */
export const learningRate = 0.01;
/** Momentum of SGD. */
export const momentum = 0.9;

/** Sizes that the network can be run at. */
export interface ReferenceSize {
  /** Images of a batch. */
  readonly batch: number;
  /** Rows of an image, a multiple of 16. */
  readonly height: number;
  /** Columns of an image, a multiple of 16. */
  readonly width: number;
  /** Number of classes, below 255. */
  readonly classes: number;
}

/** The sizes that the workload is defined by. */
export const referenceSize: ReferenceSize = { batch, height, width, classes };

/** Numbers that are learned. */
export const parameterCount = layers.reduce(
  (sum, { inputs, channels, kernel }) => sum + inputs * channels * kernel ** 2 + 2 * channels,
  headRates.length * (headInputs * classes * 9 + classes),
);

/** Floating-point operations of the convolutions of one inference in their direct form, a multiply-add counting 2. */
export const forwardFlops = countFlops();

/** The same of a training step: each convolution is computed three times, but the gradient at the images is not. */
export const stepFlops = 3 * forwardFlops - 2 * batch * (height / 2) * (width / 2) * 9 * 3 * 32;

function countFlops(): number {
  const flops = (pixels: number, inputs: number, channels: number, kernel: number) =>
    2 * batch * pixels * inputs * channels * kernel ** 2;
  let pixels = height * width;
  let sum = 0;
  for (const { name, inputs, channels, kernel, stride } of layers) {
    if (!name.endsWith("projection")) pixels /= stride ** 2;
    sum += flops(pixels, inputs, channels, kernel);
  }
  return sum + headRates.length * flops(pixels, headInputs, classes, 3);
}

/** A parameter, or the running statistics of a batch norm, as PyTorch's shapes have it. */
export interface ReferenceTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

/**
 * Every learned parameter. Weights are uniform with the variance 2 / fan-in. Those of the head have a tenth of that.
 */
export function parameters({ classes } = referenceSize): ReferenceTensor[] {
  const found: Omit<ReferenceTensor, "values">[] = layers.flatMap(({ name, inputs, channels, kernel }) => [
    { name: `${name}.weight`, shape: [channels, inputs, kernel, kernel] },
    { name: `${name}.bn.gamma`, shape: [channels] },
    { name: `${name}.bn.beta`, shape: [channels] },
  ]);
  for (const rate of headRates) {
    found.push({ name: `head.rate${rate}.weight`, shape: [classes, headInputs, 3, 3] });
    found.push({ name: `head.rate${rate}.bias`, shape: [classes] });
  }
  return found.map(({ name, shape }) => {
    const [, inputs = 1, rows = 1, columns = 1] = shape;
    const spread = name.endsWith(".weight") ? Math.sqrt(6 / (inputs * rows * columns)) : 0.1;
    return generated(name, shape, name.startsWith("head.") ? spread / 10 : spread, name.endsWith(".gamma") ? 1 : 0);
  });
}

/** The running mean and variance `[2, C]` of every batch norm, for inference. */
export function runningStatistics(): ReferenceTensor[] {
  return layers.map(({ name, channels }) => {
    const { values } = generated(`${name}.bn.running`, [2, channels], 0.2, 0);
    for (let channel = 0; channel < channels; channel++) {
      values[channels + channel] = 1 + (values[channels + channel] ?? 0);
    }
    return { name: `${name}.bn.running`, shape: [2, channels], values };
  });
}

/** Normalised images `[N, 3, H, W]`, uniform in [−2, 2). */
export function images({ batch, height, width } = referenceSize): Float32Array<ArrayBuffer> {
  return generated("images", [batch, 3, height, width], 2, 0).values;
}

/** Labels `[N, H, W]` in squares of 16 pixels; one in twenty is ignored. */
export function labels({ batch, height, width, classes } = referenceSize): Uint8Array<ArrayBuffer> {
  const stream = textHash("labels");
  return Uint8Array.from({ length: batch * height * width }, (_, index) => {
    const row = Math.floor(index / width);
    const square = Math.floor(row / 16) * (width / 16) + Math.floor((index % width) / 16);
    const drawn = mixed(square, stream) % (classes + 1);
    return drawn === classes ? ignoreLabel : drawn;
  });
}

/**
 * A uniform number in `middle` ± `spread` for each index. `bench/reference.py` has the same function of index and name,
 * in float64.
 */
export function generated(name: string, shape: readonly number[], spread: number, middle: number): ReferenceTensor {
  const stream = textHash(name);
  const length = shape.reduce((product, side) => product * side, 1);
  const values = new Float32Array(length);
  for (let index = 0; index < length; index++) {
    values[index] = middle + spread * (mixed(index, stream) / 2 ** 31 - 1);
  }
  return { name, shape, values };
}

/** FNV-1a of an ASCII text. */
export function textHash(text: string): number {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}

/** A u32 that looks random: the finaliser of MurmurHash3 on index and stream. */
export function mixed(index: number, stream: number): number {
  let value = (Math.imul(index, 0x9e3779b1) ^ stream) >>> 0;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
