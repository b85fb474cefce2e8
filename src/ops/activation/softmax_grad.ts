/**
 * Gradient of `softmax` at its input.
 *
 * @module
 */

import shader from "../../../shaders/activation/softmax_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";

/** dx from the probabilities y and dy, all `[N, C, H, W]`. */
export function softmaxGrad(y: Tensor, outputGradient: Tensor): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = y.shape;
  return new Tensor({
    op: "softmaxGrad",
    shape: y.shape,
    inputs: [y, outputGradient],
    kernels: () => {
      const vectors = paddedChannels(channels) / 4;
      const pixels = batch * height * width;
      return {
        calls: [{
          shader: { name: "activation/softmax_grad", text: shader },
          constants: { PIXELS: pixels, VECTORS: vectors },
          bindings: [y, outputGradient, "output"],
          workgroups: grid(pixels, 64),
          iterations: 2 * (vectors + 1),
          flops: 16 * pixels * vectors,
        }],
      };
    },
  });
}
