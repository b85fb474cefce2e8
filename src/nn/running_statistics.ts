/**
 * The two forms in which weight files hold the statistics of a batch norm. Fixed ones are `….mean` and `….var`, `[C]`
 * each. Those that follow the batches are the rows of `….running` `[2, C]`. A network takes either form.
 *
 * @module
 */

import { type ParameterValues, type StoredTensor, storedTensor } from "../formats/stored_tensor.ts";

/**
 * The tensor of this name; statistics also where `tensors` hold them in the other form. `undefined` if there is none.
 */
export function tensorOf(tensors: ReadonlyMap<string, ParameterValues>, name: string): ParameterValues | undefined {
  return tensors.get(name) ?? stacked(tensors, name) ?? apart(tensors, name);
}

function stacked(tensors: ReadonlyMap<string, ParameterValues>, name: string): ParameterValues | undefined {
  const [, norm] = /^(.*\.bn)\.running$/.exec(name) ?? [];
  const [mean, variance] = [tensors.get(`${norm}.mean`), tensors.get(`${norm}.var`)];
  if (norm === undefined || mean === undefined || variance === undefined) return undefined;
  const [count = 0, ...rest] = mean.shape;
  if (rest.length > 0 || variance.shape.join() !== mean.shape.join()) return undefined;
  const values = new Float32Array(2 * count);
  values.set(mean.values);
  values.set(variance.values, count);
  return { shape: [2, count], values };
}

function apart(tensors: ReadonlyMap<string, ParameterValues>, name: string): ParameterValues | undefined {
  const [, norm, part] = /^(.*\.bn)\.(mean|var)$/.exec(name) ?? [];
  const running = tensors.get(`${norm}.running`);
  const [rows, count = 0, ...rest] = running?.shape ?? [];
  if (norm === undefined || running === undefined || rows !== 2 || rest.length > 0) return undefined;
  const start = part === "mean" ? 0 : count;
  return { shape: [count], values: running.values.slice(start, start + count) };
}

/**
 * The tensors with statistics apart wherever a network wants them apart and the file has them as rows.
 *
 * @param wanted names of the network's parameters.
 */
export function withSeparateStatistics(
  tensors: ReadonlyMap<string, StoredTensor>,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, StoredTensor> {
  const entries = [...tensors].flatMap(([name, tensor]): [string, StoredTensor][] => {
    const layer = name.replace(/\.running$/, "");
    const [rows, ...shape] = tensor.shape;
    const isApart = layer !== name && rows === 2 && wanted.has(`${layer}.mean`) && !wanted.has(name);
    if (!isApart) return [[name, tensor]];
    return [[`${layer}.mean`, half(tensor, shape, 0)], [`${layer}.var`, half(tensor, shape, 1)]];
  });
  return new Map(entries);
}

function half(tensor: StoredTensor, shape: readonly number[], index: 0 | 1): StoredTensor {
  const { dtype, typeName } = tensor;
  const bytes = () => {
    const all = tensor.bytes();
    return all.subarray(index * all.length / 2, (index + 1) * all.length / 2);
  };
  return storedTensor({ shape, dtype, typeName, bytes, where: "Cannot read running statistics" });
}
