/**
 * Gradient of `globalAveragePool` at its input.
 *
 * @module
 */

import shader from "../../../shaders/pool/global_average_pool_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";

/** dx[n,c,i,j] = dy[n,c] / (H·W): `[N, C, 1, 1]` → `[N, C, height, width]`. */
export function globalAveragePoolGrad(
  outputGradient: Tensor,
  options: { readonly height: number; readonly width: number },
): Tensor {
  const { height, width } = options;
  const [batch = 1, channels = 1] = outputGradient.shape;
  return new Tensor({
    op: "globalAveragePoolGrad",
    shape: [batch, channels, height, width],
    inputs: [outputGradient],
    kernels: () => {
      const vectors = paddedChannels(channels) / 4;
      const pixels = height * width;
      return {
        calls: [{
          shader: { name: "pool/global_average_pool_grad", text: shader },
          constants: { BATCH: batch, PIXELS: pixels, VECTORS: vectors },
          bindings: [outputGradient, "output"],
          workgroups: grid(batch * Math.ceil(pixels / 8) * vectors, 64),
          iterations: 0,
          flops: 4 * batch * vectors,
        }],
      };
    },
  });
}
