/**
 * Parameters, images, labels and sketches by a formula, as `peers/networks/net.py` has them: no weight file is needed.
 *
 * @module
 */

import type { ParameterValues } from "../src/formats/safetensors.ts";
import type { ParameterDeclaration } from "../src/nn/parameters.ts";

const golden = 0x9e3779b9;
/** Numbers of the tensors that are no parameters. */
const [imageTensor, labelTensor, sketchTensor, photographTensor] = [1000, 1001, 1002, 999];
/** Numbers of a sketch. */
const buckets = 256;

/** A well mixed number below 2³² for index `i` of tensor number `t` (`../shared/vectors/lidar/README.md`). */
export function mixed(t: number, i: number): number {
  let h = (i + Math.imul(golden, t + 1)) >>> 0;
  h = Math.imul(h ^ h >>> 16, 0x7feb352d);
  h = Math.imul(h ^ h >>> 15, 0x846ca68b);
  return (h ^ h >>> 16) >>> 0;
}

/** So many numbers, each made of one from −1 to 1. */
function uniform(t: number, count: number, form: (x: number) => number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = form(mixed(t, i) / 2 ** 32 * 2 - 1);
  return values;
}

/** The names of the network's parameters in PyTorch, in our order. There a running statistic is two. */
export function formulaNames(declarations: readonly ParameterDeclaration[]): string[] {
  return declarations.flatMap(({ name }) => statisticsOf(name) ?? [name]);
}

/**
 * The values of all parameters.
 *
 * @param names the names of all in PyTorch. The place of one is its number.
 * @param factors parameters whose names end like a key are multiplied.
 */
export function formulaParameters(
  declarations: readonly ParameterDeclaration[],
  names: readonly string[],
  factors: Readonly<Record<string, number>>,
): Map<string, ParameterValues> {
  const numbers = new Map(names.map((name, t) => [name, t]));
  const own = formulaNames(declarations);
  const foreign = own.find((name) => !numbers.has(name)) ?? names.find((name) => !own.includes(name));
  if (foreign !== undefined) throw new RangeError(`Only one of the two networks has the parameter "${foreign}"`);
  const value = (name: string, shape: readonly number[]) => {
    const [, factor = 1] = Object.entries(factors).find(([end]) => name.endsWith(end)) ?? [];
    const values = formulaParameter(name, shape, numbers.get(name) ?? 0);
    return factor === 1 ? values : values.map((value) => value * factor);
  };
  return new Map(declarations.map(({ name, shape }) => {
    const parts = statisticsOf(name);
    if (parts === undefined) return [name, { shape, values: value(name, shape) }];
    return [name, { shape, values: Float32Array.from(parts.flatMap((part) => [...value(part, shape.slice(1))])) }];
  }));
}

/** The names of the mean and of the variance that a running statistic holds; `undefined` where it is none. */
function statisticsOf(name: string): string[] | undefined {
  return name.endsWith(".running") ? ["mean", "var"].map((part) => name.replace(/running$/, part)) : undefined;
}

/** The values of a parameter, of number `t`. */
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
  return uniform(t, fanIn * (shape[0] ?? 1), form);
}

/** Normalised images of so many numbers. */
export function formulaImages(seed: number, count: number): Float32Array<ArrayBuffer> {
  return uniform(imageTensor + 3 * seed, count, (x) => 0.5 * x);
}

/** A photograph: the bytes red, green, blue, 255 of so many pixels. */
export function formulaPhotograph(pixels: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    { length: pixels * 4 },
    (_, i) => i % 4 === 3 ? 255 : mixed(photographTensor, (i >> 2) * 3 + i % 4) >>> 24,
  );
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
