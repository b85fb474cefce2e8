/**
 * Counter-based random numbers. A value is a pure function of a seed and up to four counters. So there is no generator
 * state to save, and values can be computed in any order, on the CPU and on the GPU (`shaders/lib/random.wgsl` computes
 * the same bits).
 *
 * The function is Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 *
 * @module
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** Four random u32 for a key (two u32) and a counter (four u32): Philox4x32-10. */
export function philox(
  key: readonly [number, number],
  counter: readonly [number, number, number, number],
): Uint32Array {
  let [key0, key1] = key;
  let [c0, c1, c2, c3] = counter;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiplyWide(MULTIPLIER_0, c0);
    const [high1, low1] = multiplyWide(MULTIPLIER_1, c2);
    [c0, c1, c2, c3] = [high1 ^ c1 ^ key0, low1, high0 ^ c3 ^ key1, low0];
    key0 = (key0 + WEYL_0) >>> 0;
    key1 = (key1 + WEYL_1) >>> 0;
  }
  return Uint32Array.of(c0, c1, c2, c3);
}

/**
 * A stream of random numbers addressed by `(seed, purpose, ...counters)`. `purpose` is a word such as `"crop"`, so that
 * two uses with equal counters stay independent.
 */
export class Random {
  readonly #key: readonly [number, number];

  /** A stream for one seed and one purpose. */
  constructor(seed: number, purpose: string) {
    this.#key = [seed >>> 0, hashText(purpose)];
  }

  /** The u32 at the given counters (at most three; missing ones are 0). */
  uint32(...counters: number[]): number {
    const [a = 0, b = 0, c = 0] = counters;
    return philox(this.#key, [a >>> 0, b >>> 0, c >>> 0, 0])[0] ?? 0;
  }

  /** A number in `[0, 1)` with 32 random bits. */
  uniform(...counters: number[]): number {
    return this.uint32(...counters) / 2 ** 32;
  }

  /** An integer in `[0, count)`; the bias is below `count / 2³²`. */
  integer(count: number, ...counters: number[]): number {
    return Math.floor(this.uniform(...counters) * count);
  }

  /** A number of the standard normal distribution (Box–Muller). */
  normal(...counters: number[]): number {
    const [a = 0, b = 0, c = 0] = counters;
    const bits = philox(this.#key, [a >>> 0, b >>> 0, c >>> 0, 1]);
    const radius = Math.sqrt(-2 * Math.log(((bits[0] ?? 0) + 1) / 2 ** 32));
    return radius * Math.cos(2 * Math.PI * (bits[1] ?? 0) / 2 ** 32);
  }

  /** A permutation of `0 … count − 1` (Fisher–Yates), a function of the counters (at most two). */
  permutation(count: number, ...counters: number[]): number[] {
    const [a = 0, b = 0] = counters;
    const order = Array.from({ length: count }, (_, index) => index);
    for (let last = count - 1; last > 0; last--) {
      const other = this.integer(last + 1, a, b, last);
      const kept = order[last] ?? 0;
      order[last] = order[other] ?? 0;
      order[other] = kept;
    }
    return order;
  }
}

/**
 * One block of random numbers, repeated to fill a shape. For the inputs of kernels that are timed: drawing millions of
 * numbers would take longer.
 */
export function repeatedRandom(
  shape: readonly number[],
  name: string,
  draw: (random: Random, index: number) => number,
): Float32Array<ArrayBuffer> {
  const random = new Random(1, name);
  const block = Float32Array.from({ length: 997 }, (_, index) => draw(random, index));
  const count = shape.reduce((product, side) => product * side, 1);
  return Float32Array.from({ length: count }, (_, index) => block[index % block.length] ?? 0);
}

/**
 * The high and the low 32 bits of the product of two u32. It works on 16-bit halves, so that every partial sum is exact
 * in a double.
 */
function multiplyWide(a: number, b: number): [number, number] {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const first = aHigh * bLow + ((aLow * bLow) >>> 16);
  const second = aLow * bHigh + first % 0x10000;
  return [(aHigh * bHigh + Math.floor(first / 0x10000) + Math.floor(second / 0x10000)) >>> 0, Math.imul(a, b) >>> 0];
}

/** The FNV-1a hash of a text, as a u32: turns a name into a counter. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
