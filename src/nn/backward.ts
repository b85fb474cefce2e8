/**
 * From a loss to the gradients of a network's parameters, each written where the optimizer reads it.
 *
 * @module
 */

import type { BufferRange } from "../gpu/launch.ts";
import type { Tensor } from "../graph/tensor.ts";
import { gradients } from "../ops/gradients.ts";
import type { ParameterStore } from "./parameter_store.ts";

/**
 * The gradient of `loss` at each trainable parameter that the traced network uses, and where to write it. This is the
 * `destinations` of a `ProgramDefinition`.
 *
 * @param loss a scalar, shape `[1]`.
 * @param place where to write a gradient, given its place in the parameter store. Default: there.
 * @throws {Error} if the loss does not depend on a parameter, or the store holds no gradients.
 */
export function gradientDestinations(
  loss: Tensor,
  store: ParameterStore,
  place: (range: BufferRange) => BufferRange = (range) => range,
): Map<Tensor, BufferRange> {
  const trainable = store.trainableTensors();
  const ranges = trainable.map(({ gradient }) => place(gradient));
  const results = gradients(loss, trainable.map(({ tensor }) => tensor));
  return new Map(results.flatMap((tensor, index) => {
    const range = ranges[index];
    return range === undefined ? [] : [[tensor, range] as const];
  }));
}
