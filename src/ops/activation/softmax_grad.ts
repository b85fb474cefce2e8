/**
 * Gradient of `softmax` at its input.
 *
 * @module
 */

import shader from "../../../shaders/activation/softmax_grad.wgsl" with { type: "text" };
import manyShader from "../../../shaders/activation/softmax_grad_many.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { mostUnrolled } from "../../gpu/shader.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { inPixels, pixelRange } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";

/** dx from the probabilities y and dy, all `[N, C, H, W]`. */
export function softmaxGrad(y: Tensor, outputGradient: Tensor): Tensor {
  const [, channels = 1] = y.shape;
  const vectors = paddedChannels(channels) / 4;
  return new Tensor({
    op: "softmaxGrad",
    shape: y.shape,
    inputs: [y, outputGradient],
    kernels: (output, device) =>
      inPixels(output, device, (range) => ({
        calls: [{
          shader: vectors <= mostUnrolled
            ? { name: "activation/softmax_grad", text: shader }
            : { name: "activation/softmax_grad_many", text: manyShader },
          constants: { PIXELS: range.count, VECTORS: vectors },
          bindings: [pixelRange(y, range), pixelRange(outputGradient, range), "output"],
          workgroups: grid(range.count, 64),
          iterations: 2 * (vectors + 1),
          flops: 16 * range.count * vectors,
        }],
      })),
  });
}
