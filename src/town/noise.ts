/**
 * Randomness of the built-in towns: dice for the layout of a picture, and noise over a plane for its textures. Both are
 * pure functions of integers, so that a picture has the same bytes on every machine.
 *
 * @module
 */

import { philox } from "../random.ts";

/**
 * Draws numbers for one picture, in order. Draw `n` of `(seed, town, index)` is always the same Philox word, whatever
 * was drawn elsewhere.
 */
export class Dice {
  readonly #key: readonly [number, number];
  readonly #index: number;
  #block = 0;
  #words: Uint32Array = new Uint32Array(0);
  #used = 4;

  /** Dice for the picture `index` of the town number `town`. */
  constructor(seed: number, town: number, index: number) {
    this.#key = [seed >>> 0, town >>> 0];
    this.#index = index >>> 0;
  }

  /** The next number in `[0, 1)`. */
  next(): number {
    if (this.#used === 4) {
      this.#words = philox(this.#key, [this.#index, this.#block++, 0, 0]);
      this.#used = 0;
    }
    return (this.#words[this.#used++] ?? 0) / 2 ** 32;
  }

  /** A number in `[low, high)`. */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A number in `[low, high)` given as a pair. */
  within(range: readonly [number, number]): number {
    return this.between(range[0], range[1]);
  }

  /** An integer in `[low, high]`. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** `true` with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** −1 or 1. */
  sign(): number {
    return this.next() < 0.5 ? -1 : 1;
  }

  /** One entry of a list; entries that occur twice are twice as likely. */
  pick<T>(list: readonly [T, ...T[]]): T {
    return list[Math.floor(this.next() * list.length)] ?? list[0];
  }
}

/** 24 well mixed bits of three integers: the finaliser of MurmurHash3 over a linear combination of them. */
export function hash(x: number, y: number, seed: number): number {
  let bits = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 8;
}

/** The scale of {@linkcode hash}: a hash times this is in `[0, 1)`. */
export const HASH_UNIT = 2 ** -24;

/** A number in `[0, 1)` for a cell of the integer grid. */
export function cellNoise(x: number, y: number, seed: number): number {
  return hash(Math.floor(x), Math.floor(y), seed) * HASH_UNIT;
}

/** Smooth value noise in `[0, 1)`: random values at integer points, blended by smoothstep. */
export function valueNoise(x: number, y: number, seed: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const fx = x - column;
  const fy = y - row;
  const wx = fx * fx * (3 - 2 * fx);
  const wy = fy * fy * (3 - 2 * fy);
  const upperLeft = hash(column, row, seed);
  const lowerLeft = hash(column, row + 1, seed);
  const upper = upperLeft + (hash(column + 1, row, seed) - upperLeft) * wx;
  const lower = lowerLeft + (hash(column + 1, row + 1, seed) - lowerLeft) * wx;
  return (upper + (lower - upper) * wy) * HASH_UNIT;
}

/** Three octaves of {@linkcode valueNoise}, in `[0, 1)`. */
export function fractalNoise(x: number, y: number, seed: number): number {
  return (valueNoise(x, y, seed) * 4 + valueNoise(x * 2.1, y * 2.1, seed + 1) * 2 +
    valueNoise(x * 4.3, y * 4.3, seed + 2)) / 7;
}
