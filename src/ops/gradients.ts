/**
 * Reverse-mode differentiation as a graph transform: the gradients are ordinary tensors, computed by ordinary ops.
 *
 * @module
 */

import { add } from "./arithmetic/add.ts";
import { dependencies, type Tensor } from "../graph/tensor.ts";
import { ones } from "./arithmetic/ones.ts";

/**
 * ∂`loss`/∂t for each t of `of`, by walking the graph backwards once (the chain rule; a tensor used several times
 * adds up the gradients of its uses).
 *
 * @param loss a scalar, shape `[1]`; or any tensor, when the gradient at it is given.
 * @param outputGradient the gradient at `loss`; default 1.
 * @throws {Error} if `loss` does not depend on a tensor of `of`, or an op on the way has no gradient.
 */
export function gradients(
  loss: Tensor,
  of: readonly Tensor[],
  outputGradient: Tensor = ones([1]),
): Tensor[] {
  const order = dependencies([loss]);
  const needed = dependents(order, of);
  const gradient = new Map<Tensor, Tensor>([[loss, outputGradient]]);
  for (const tensor of order.reverse()) {
    const gradientHere = gradient.get(tensor);
    if (gradientHere === undefined || !needed.has(tensor) || tensor.inputs.length === 0) continue;
    const rule = tensor.definition.gradient;
    if (rule === undefined) throw new Error(`Cannot differentiate ${tensor}: the op has no gradient`);
    // What follows last frees memory first: a weight's gradient needs the activation before it, which its own gradient,
    // that of the first input, does not.
    for (const [index, build] of [...rule(gradientHere).entries()].reverse()) {
      const input = tensor.inputs[index];
      if (build === null || input === undefined || !needed.has(input)) continue;
      const previous = gradient.get(input);
      gradient.set(input, previous === undefined ? build() : add(previous, build()));
    }
  }
  return of.map((tensor) => {
    const result = gradient.get(tensor);
    if (result === undefined) throw new Error(`Cannot differentiate: the loss does not depend on ${tensor}`);
    return result;
  });
}

/** The tensors of `order` that depend on one of `of`. */
function dependents(order: readonly Tensor[], of: readonly Tensor[]): Set<Tensor> {
  const found = new Set<Tensor>(of);
  for (const tensor of order) {
    if (tensor.inputs.some((input) => found.has(input))) found.add(tensor);
  }
  return found;
}
