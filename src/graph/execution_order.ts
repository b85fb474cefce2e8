/**
 * The order in which tensors are computed, some of them twice: activations that only the backward pass needs again may be
 * dropped after the forward pass and recomputed block by block (Chen et al., 2016, "Training deep nets with sublinear memory
 * cost"). The second time gives the same bytes, so gradients do not change. What is kept may be kept in 16 bits.
 *
 * @module
 */

import { storeHalf } from "./half_storage.ts";
import { dependencies, type Tensor, type TensorDefinition } from "./tensor.ts";

/** How activations get from the forward pass to the gradients that need them. */
export interface ActivationStorage {
  /** The end of the forward pass. */
  readonly loss: Tensor;
  /** Recompute those inside blocks, instead of keeping them. */
  readonly recompute: boolean;
  /** Keep them in 16 bits. */
  readonly half: boolean;
}

/** A tensor that is computed now, or given by a leaf. */
export interface Execution {
  readonly tensor: Tensor;
  /** What it is computed from this time. */
  readonly inputs: readonly Tensor[];
  /** How it is computed this time; absent for leaves. */
  readonly kernels: TensorDefinition["kernels"];
}

/**
 * What is computed, in order.
 *
 * @param order every tensor once, each after its inputs.
 * @param outputs those that are read after a run.
 * @param storage default: activations are kept as they are.
 */
export function executionOrder(
  order: readonly Tensor[],
  outputs: ReadonlySet<Tensor>,
  storage?: ActivationStorage,
): Execution[] {
  const tensors = storage?.recompute ? recomputedOrder(order, storage.loss) : order;
  const executions = tensors.map((tensor): Execution => ({
    ...{ tensor, inputs: tensor.inputs },
    kernels: tensor.definition.kernels,
  }));
  return storage?.half ? storeHalf(executions, storage.loss, outputs) : executions;
}

/**
 * The tensors in order; those inside blocks before the loss stand in it a second time, before the first gradient
 * that needs one of them. What is used outside its own block is kept.
 */
function recomputedOrder(order: readonly Tensor[], loss: Tensor): Tensor[] {
  const dropped = droppedTensors(order, loss);
  const again = Map.groupBy(neededAgain(order, dropped, loss), ({ block }) => block);
  return order.flatMap((tensor) => {
    if (tensor.id <= loss.id) return [tensor];
    const blocks = new Set(tensor.inputs.filter((input) => dropped.has(input)).map(({ block }) => block));
    return [
      ...[...blocks].flatMap((block) => {
        const recomputed = again.get(block) ?? [];
        again.delete(block);
        return recomputed;
      }),
      tensor,
    ];
  });
}

/** The tensors of the forward pass that an op computes and only its own block uses in that pass. */
function droppedTensors(order: readonly Tensor[], loss: Tensor): Set<Tensor> {
  const dropped = new Set(
    dependencies([loss]).filter((tensor) =>
      tensor !== loss && tensor.block !== null && tensor.definition.kernels !== undefined
    ),
  );
  for (const tensor of order) {
    if (tensor.id > loss.id) continue;
    for (const input of tensor.inputs) if (input.block !== tensor.block) dropped.delete(input);
  }
  return dropped;
}

/** Those of the dropped tensors that the backward pass uses, and what they are computed from, in order. */
function neededAgain(order: readonly Tensor[], dropped: ReadonlySet<Tensor>, loss: Tensor): Tensor[] {
  const needed = new Set<Tensor>();
  for (const tensor of order.toReversed()) {
    if (tensor.id > loss.id || needed.has(tensor)) {
      for (const input of tensor.inputs) if (dropped.has(input)) needed.add(input);
    }
  }
  return order.filter((tensor) => needed.has(tensor));
}
