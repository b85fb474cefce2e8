/**
 * The order in which tensors are computed, some of them twice.
 *
 * Some activations of the forward pass are needed again only by the backward pass. They can be dropped after the
 * forward pass and recomputed block by block (Chen et al., 2016, "Training deep nets with sublinear memory cost"). The
 * second computation gives the same bytes, so gradients do not change. Activations that are kept can be kept in 16
 * bits.
 *
 * @module
 */

import { storeHalf } from "./half_storage.ts";
import { dependencies, type Tensor, type TensorDefinition } from "./tensor.ts";

/** How activations are brought from the forward pass to the gradients that need them. */
export interface ActivationStorage {
  /** The end of the forward pass. */
  readonly loss: Tensor;
  /** Whether activations inside blocks are recomputed instead of kept. */
  readonly recompute: boolean;
  /** Whether activations are kept in 16 bits. */
  readonly half: boolean;
}

/** One computation of a tensor, or the use of a tensor that no op computes. */
export interface Execution {
  readonly tensor: Tensor;
  /** What the tensor is computed from this time. */
  readonly inputs: readonly Tensor[];
  /** How the tensor is computed this time; absent if no op computes it. */
  readonly kernels: TensorDefinition["kernels"];
}

/**
 * All computations, in order.
 *
 * @param order every tensor once, each after its inputs.
 * @param outputs tensors that are read after a run.
 * @param storage how activations are kept. Default: as they are.
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
 * The tensors in the order in which they are computed. A tensor inside a block before the loss can stand in it twice:
 * the second time comes before the first gradient that needs it. Tensors that are used outside their own block are
 * kept.
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

/**
 * The tensors of the forward pass that are dropped: an op computes them, and in that pass only their own block uses
 * them.
 */
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

/** The dropped tensors that the backward pass uses, and the dropped tensors from which these are computed, in order. */
function neededAgain(order: readonly Tensor[], dropped: ReadonlySet<Tensor>, loss: Tensor): Tensor[] {
  const needed = new Set<Tensor>();
  for (const tensor of order.toReversed()) {
    if (tensor.id > loss.id || needed.has(tensor)) {
      for (const input of tensor.inputs) if (dropped.has(input)) needed.add(input);
    }
  }
  return order.filter((tensor) => needed.has(tensor));
}
