/**
 * Softmax over channels. Losses and label kernels compute their own softmax. This op is for cases where the
 * probabilities themselves are wanted.
 *
 * @module
 */

import shader from "../../../shaders/activation/softmax.wgsl" with { type: "text" };
import manyShader from "../../../shaders/activation/softmax_many.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { mostUnrolled } from "../../gpu/shader.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { inPixels, pixelRange } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { softmaxGrad } from "./softmax_grad.ts";

/**
 * y[n,c,i,j] = exp(x[n,c,i,j]) / Σ_k exp(x[n,k,i,j]): `[N, C, H, W]` → `[N, C, H, W]`.
 *
 * @throws {RangeError} if `x` is not of the layout `"activation"`.
 */
export function softmax(x: Tensor): Tensor {
  const [, channels = 1] = x.shape;
  const vectors = paddedChannels(channels) / 4;
  if (x.layout !== "activation") {
    refuse("softmax", `${x} is no image but of layout ${x.layout}`);
  }
  const y: Tensor = new Tensor({
    op: "softmax",
    shape: x.shape,
    inputs: [x],
    gradient: (outputGradient) => [() => softmaxGrad(y, outputGradient)],
    kernels: (output, device) =>
      inPixels(output, device, (range) => ({
        calls: [{
          shader: vectors <= mostUnrolled
            ? { name: "activation/softmax", text: shader }
            : { name: "activation/softmax_many", text: manyShader },
          constants: { PIXELS: range.count, VECTORS: vectors, CLASSES: channels },
          bindings: [pixelRange(x, range), "output"],
          workgroups: grid(range.count, 64),
          iterations: 3 * (vectors + 1),
          flops: 24 * range.count * vectors,
        }],
      })),
  });
  return y;
}
