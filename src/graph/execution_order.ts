/**
 * The order in which tensors are computed, some of them twice: activations that only the backward pass needs again may be
 * dropped after the forward pass and recomputed block by block (Chen et al., 2016, "Training deep nets with sublinear memory
 * cost"). The second time gives the same bytes, so gradients do not change.
 *
 * @module
 */

import { dependencies, type Tensor } from "./tensor.ts";

/**
 * The tensors in execution order; with `loss`, those inside its blocks stand in it a second time, before the first gradient
 * that needs one of them. A block is what has the same first name in its path, such as `block5` of `block5.conv`; what other
 * blocks use is kept.
 *
 * @param order every tensor once, each after its inputs.
 * @param loss the end of the forward pass; without it nothing is recomputed.
 */
export function executionOrder(order: readonly Tensor[], loss?: Tensor): Tensor[] {
  if (loss === undefined) return [...order];
  const dropped = droppedTensors(order, loss);
  const recomputed = new Set<string>();
  return order.flatMap((tensor) => {
    if (tensor.id <= loss.id) return [tensor];
    const blocks = new Set(tensor.inputs.filter((input) => dropped.has(input)).map(blockOf));
    const again = [...blocks].filter((block) => !recomputed.has(block)).flatMap((block) => {
      recomputed.add(block);
      return neededAgain([...dropped].filter((inner) => blockOf(inner) === block), order, loss);
    });
    return [...again, tensor];
  });
}

function blockOf({ path }: Tensor): string {
  return path.split(".")[0] ?? "";
}

/** The tensors of the forward pass that an op computes and only its own block uses in that pass. */
function droppedTensors(order: readonly Tensor[], loss: Tensor): Set<Tensor> {
  const dropped = new Set(
    dependencies([loss]).filter((tensor) =>
      tensor !== loss && blockOf(tensor) !== "" && tensor.definition.kernels !== undefined
    ),
  );
  for (const tensor of order) {
    if (tensor.id > loss.id) continue;
    for (const input of tensor.inputs) if (blockOf(input) !== blockOf(tensor)) dropped.delete(input);
  }
  return dropped;
}

/** Those of a block's dropped tensors that the backward pass uses, and what they are computed from within the block. */
function neededAgain(inner: readonly Tensor[], order: readonly Tensor[], loss: Tensor): Tensor[] {
  const used = new Set(order.filter(({ id }) => id > loss.id).flatMap(({ inputs }) => inputs));
  const needed = new Set<Tensor>();
  for (const tensor of [...inner].sort((a, b) => b.id - a.id)) {
    if (used.has(tensor) || inner.some((other) => needed.has(other) && other.inputs.includes(tensor))) {
      needed.add(tensor);
    }
  }
  return [...needed].sort((a, b) => a.id - b.id);
}
