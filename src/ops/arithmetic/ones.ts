/**
 * A tensor of ones, which is the gradient of the loss at itself: differentiation starts with it.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/ones.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { Tensor } from "../../graph/tensor.ts";

/** A `plain` tensor of the given shape, filled with 1. */
export function ones(shape: readonly number[]): Tensor {
  return new Tensor({
    op: "ones",
    shape,
    layout: "plain",
    kernels: (output) => ({
      calls: [{
        shader: { name: "arithmetic/ones", text: shader },
        constants: { ELEMENTS: output.bytes / 4 },
        bindings: ["output"],
        workgroups: grid(output.bytes / 4, 64),
        iterations: 0,
      }],
    }),
  });
}
