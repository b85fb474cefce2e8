/**
 * Weight files as other people's code writes them, of small networks with random weights.
 *
 * @module
 */

import { elementBytes, type ElementType, type StoredTensor, storedTensor } from "../../src/formats/stored_tensor.ts";
import type { Model } from "../../src/nn/model.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { declaredParameters } from "../../src/nn/network.ts";
import type { OriginalNames } from "../../src/nn/original_names.ts";
import { Random } from "../../src/random.ts";
import { joined, u32 } from "../formats/files.ts";
import { cpu, i64s, mxnetList } from "../formats/mxnet_lists.ts";
import { op, orderedDict, storage, stream, tensor, zip } from "../formats/pickles.ts";

/** Tensors by their names in a file. */
export type Tensors = Map<string, StoredTensor>;

/**
 * A network's parameters by the names of a family, as float32 numbers near 1 or, if `values` is `"zeros"`, of zeros, with
 * what never changes in the family's files. Parameters that they do not hold are left out.
 */
export function originalTensors(
  model: Model,
  names: OriginalNames | null,
  { classes = 3, values = "random" }: { readonly classes?: number; readonly values?: "random" | "zeros" } = {},
): Tensors {
  // Their files hold a mean and a variance of each batch norm, in two tensors.
  const apart = names === null ? model : findModel(model.name, { ...model.variant, batchNorm: "frozen" });
  const tensors = declaredParameters(apart, classes).flatMap(({ name, shape }): [string, StoredTensor][] => {
    const place = names === null ? { name } : names.original(name, { shape, classes });
    if (place === null) return [];
    const found = place.shape ?? shape;
    if (values === "zeros") return [[place.name, zeros("f32", ...found)]];
    const count = shape.reduce((product, side) => product * side, 1);
    const random = new Random(1, name);
    return [[place.name, floats(found, Float32Array.from({ length: count }, (_, i) => 1 + random.normal(i) / 8))]];
  });
  const fixed = [...names?.fixed?.(classes) ?? []].map(([name, { shape, values }]): [string, StoredTensor] => [
    name,
    floats(shape, Float32Array.from(values)),
  ]);
  return new Map([...tensors, ...fixed]);
}

/** A tensor of float32 numbers. */
export function floats(shape: readonly number[], values: Float32Array<ArrayBuffer>): StoredTensor {
  return stored("f32", shape, new Uint8Array(values.buffer));
}

/** A tensor of these bytes. */
export function stored(dtype: ElementType, shape: readonly number[], bytes: Uint8Array<ArrayBuffer>): StoredTensor {
  return storedTensor({ shape, dtype, bytes: () => bytes, where: "a tensor" });
}

/** A tensor of zeros of any type. */
export function zeros(dtype: ElementType, ...shape: number[]): StoredTensor {
  const count = shape.reduce((product, side) => product * side, 1);
  return stored(dtype, shape, new Uint8Array(count * elementBytes(dtype)));
}

const storageTypes: Readonly<Partial<Record<ElementType, string>>> = {
  ...{ f16: "torch.HalfStorage", bf16: "torch.BFloat16Storage", f32: "torch.FloatStorage" },
  ...{ f64: "torch.DoubleStorage", i64: "torch.LongStorage" },
};

/** What `torch.save` writes of a dictionary: an archive, or a stream of pickles as before PyTorch 1.6. */
export function torchFile(tensors: Tensors, kind: "archive" | "stream" = "archive"): Uint8Array<ArrayBuffer> {
  const storages = [...tensors].map(([name, { shape, dtype, bytes }], index) => {
    const width = dtype === "other" ? 1 : elementBytes(dtype);
    const type = dtype === "other" ? "" : storageTypes[dtype] ?? "";
    const all = [...bytes()];
    return { name, shape, type, key: `${index}`, count: all.length / width, bytes: all };
  });
  const pairs = storages.map(({ name, shape, type, key, count }) => {
    const strides = shape.map((_, side) => shape.slice(side + 1).reduce((product, length) => product * length, 1));
    const elements = storage(key, count, kind === "archive" ? { view: null, type } : { type });
    return [op.text(name), tensor(elements, shape, strides)] as const;
  });
  return kind === "archive" ? zip(orderedDict(...pairs), storages) : stream(orderedDict(...pairs), storages);
}

/** What MXNet 1.x writes of these arrays of float32 numbers. */
export function mxnetFile(tensors: Tensors): Uint8Array<ArrayBuffer> {
  const arrays = [...tensors.values()].map(({ shape, bytes }) =>
    joined(u32(0xf993fac9), u32(0), u32(shape.length), i64s(...shape), cpu, u32(0), bytes())
  );
  return mxnetList(arrays, [...tensors.keys()]);
}
