/**
 * Gradient of an activation at its input.
 *
 * @module
 */

import shader from "../../../shaders/activation/activation_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { inVectors, vectorRange } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { type Activation, activationConstants } from "./kind.ts";

/**
 * dx = dy · f′(x); all three have one shape.
 *
 * @param x the activation's input. For ReLU, ReLU6 and leaky ReLU of positive slope, its output may be given instead.
 */
export function activationGrad(outputGradient: Tensor, x: Tensor, kind: Activation): Tensor {
  return new Tensor({
    op: "activationGrad",
    shape: x.shape,
    layout: x.layout,
    inputs: [outputGradient, x],
    kernels: (output, device) =>
      inVectors(output, device, (range) => ({
        calls: [{
          shader: { name: "activation/activation_grad", text: shader },
          constants: { VECTORS: range.count, ...activationConstants(kind) },
          bindings: [vectorRange(outputGradient, range), vectorRange(x, range), "output"],
          workgroups: grid(range.count, 256),
          iterations: 0,
          flops: 4 * range.count,
        }],
      })),
  });
}
