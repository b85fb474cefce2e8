/**
 * A frozen batch norm, rewritten as a scale and a shift, which the convolution before it applies in its epilogue.
 *
 * @module
 */

import shader from "../../../shaders/norm/fold_batch_norm.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import type { BatchNormParameters } from "./batch_norm.ts";

/**
 * Scale and shift `[2, C]` in the layout `"channels"`: row 0 is scale = γ/√(σ² + ε), row 1 is shift = β + (b − μ)·scale.
 * For inference only: it has no gradient.
 *
 * @param options `epsilon`: added to the variance, default 1e-5. `bias`: b, `[C]`, what the convolution adds to its sums
 * before the batch norm; default 0.
 * @throws {RangeError} if the parameters differ in length or epsilon is not positive.
 */
export function foldBatchNorm(
  parameters: BatchNormParameters,
  options: { readonly epsilon?: number; readonly bias?: Tensor | undefined } = {},
): Tensor {
  const { epsilon = 1e-5, bias } = options;
  const { gamma, beta, mean, variance } = parameters;
  const channels = gamma.shape[0] ?? 1;
  const tensors = [gamma, beta, mean, variance, ...(bias === undefined ? [] : [bias])];
  for (const tensor of tensors) {
    if (tensor.layout !== "channels" || tensor.shape.join() !== String(channels)) {
      refuse("foldBatchNorm", `${tensor} is not [${channels}] of channels`);
    }
  }
  if (!(epsilon > 0)) {
    refuse("foldBatchNorm", `epsilon is ${epsilon}, it must be positive`);
  }
  return new Tensor({
    op: "foldBatchNorm",
    shape: [2, channels],
    layout: "channels",
    inputs: tensors,
    kernels: () => {
      const vectors = paddedChannels(channels) / 4;
      return {
        calls: [{
          shader: { name: "norm/fold_batch_norm", text: shader },
          constants: { VECTORS: vectors, EPSILON: epsilon, HAS_BIAS: bias !== undefined },
          bindings: [gamma, beta, mean, variance, bias ?? mean, "output"],
          workgroups: grid(vectors, 64),
          iterations: 0,
        }],
      };
    },
  });
}
