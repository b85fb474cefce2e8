/**
 * Softmax over channels. Losses and label kernels contain their own; use this where the probabilities themselves are
 * wanted.
 *
 * @module
 */

import shader from "../../../shaders/activation/softmax.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { softmaxGrad } from "./softmax_grad.ts";

/**
 * y[n,c,i,j] = exp(x[n,c,i,j]) / Σ_k exp(x[n,k,i,j]): `[N, C, H, W]` → `[N, C, H, W]`.
 *
 * @throws {RangeError} if `x` is not of the layout `"activation"`.
 */
export function softmax(x: Tensor): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  if (x.layout !== "activation") {
    refuse("softmax", `${x} is no image but of layout ${x.layout}`);
  }
  const y: Tensor = new Tensor({
    op: "softmax",
    shape: x.shape,
    inputs: [x],
    gradient: (outputGradient) => [() => softmaxGrad(y, outputGradient)],
    kernels: () => {
      const vectors = paddedChannels(channels) / 4;
      const pixels = batch * height * width;
      return {
        calls: [{
          shader: { name: "activation/softmax", text: shader },
          constants: { PIXELS: pixels, VECTORS: vectors, CHANNELS: channels },
          bindings: [x, "output"],
          workgroups: grid(pixels, 64),
          iterations: 3 * (vectors + 1),
          flops: 24 * pixels * vectors,
        }],
      };
    },
  });
  return y;
}
