/**
 * Activations as ops of their own. After a batch norm or a convolution in inference, use the fused form instead
 * (`batchNorm`'s and `conv2d`'s options): it saves a pass over memory.
 *
 * @module
 */

import shader from "../../../shaders/activation/activation.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { inVectors, vectorRange } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { activationGrad } from "./activation_grad.ts";
import { type Activation, activationConstants } from "./kind.ts";

/** y = max(x, 0); any shape. The derivative at 0 is 0, as in PyTorch. */
export function relu(x: Tensor): Tensor {
  return activation(x, "relu");
}

/** y = min(max(x, 0), 6); any shape. The derivative at 0 and at 6 is 0, as in PyTorch. */
export function relu6(x: Tensor): Tensor {
  return activation(x, "relu6");
}

/** y = x where x > 0, `negativeSlope`·x elsewhere; any shape. The derivative at 0 is the slope, as in PyTorch. */
export function leakyRelu(x: Tensor, negativeSlope = 0.01): Tensor {
  return activation(x, { leakyRelu: negativeSlope });
}

/** y = f(x) for the activation of this name; any shape. `"none"` returns `x` itself. */
export function activation(x: Tensor, kind: Activation): Tensor {
  if (kind === "none") return x;
  const y: Tensor = new Tensor({
    op: "activation",
    shape: x.shape,
    layout: x.layout,
    inputs: [x],
    // If the output tells on which side of the kink the input was, the output is kept, and the memory of x is free
    // sooner.
    gradient: (outputGradient) => [() => activationGrad(outputGradient, outputTellsSide(kind) ? y : x, kind)],
    kernels: (output, device) =>
      inVectors(output, device, (range) => ({
        calls: [{
          shader: { name: "activation/activation", text: shader },
          constants: { VECTORS: range.count, ...activationConstants(kind) },
          bindings: [vectorRange(x, range), "output"],
          workgroups: grid(range.count, 256),
          iterations: 0,
          flops: 4 * range.count,
        }],
      })),
  });
  return y;
}

/** Whether the output of an activation tells on which side of its kinks the input was. */
export function outputTellsSide(kind: Activation): boolean {
  return typeof kind !== "object" || kind.leakyRelu > 0;
}
