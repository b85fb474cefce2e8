/**
 * The two forms in which files hold the statistics of a batch norm: mean and variance apart, as `….mean` and `….var`, or
 * as the rows of one tensor `….running`, which a network holds whose statistics follow its batches.
 *
 * @module
 */

import { type StoredTensor, storedTensor } from "../formats/stored_tensor.ts";

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
