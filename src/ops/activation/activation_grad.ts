/**
 * Gradient of an activation at its input.
 *
 * @module
 */

import shader from "../../../shaders/activation/activation_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { storedElements } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";
import { type Activation, activationConstants } from "./kind.ts";

/**
 * dx = dy · f′(x), all of one shape.
 *
 * @param x the activation's input; its output serves as well for ReLU, ReLU6 and leaky ReLU of positive slope.
 */
export function activationGrad(outputGradient: Tensor, x: Tensor, kind: Activation): Tensor {
  return new Tensor({
    op: "activationGrad",
    shape: x.shape,
    layout: x.layout,
    inputs: [outputGradient, x],
    kernels: (output) => {
      const vectors = Math.ceil(storedElements(output.shape, output.layout) / 4);
      return {
        calls: [{
          shader: { name: "activation/activation_grad", text: shader },
          constants: { VECTORS: vectors, ...activationConstants(kind) },
          bindings: [outputGradient, x, "output"],
          workgroups: grid(vectors, 256),
          iterations: 0,
          flops: 4 * vectors,
        }],
      };
    },
  });
}
