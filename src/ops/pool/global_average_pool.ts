/**
 * The mean of each channel over a whole image.
 *
 * @module
 */

import shader from "../../../shaders/pool/global_average_pool.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { splitSum } from "../../graph/split_sum.ts";
import { Tensor } from "../../graph/tensor.ts";
import { pixelSplits } from "../reduce/pixel_splits.ts";
import { globalAveragePoolGrad } from "./global_average_pool_grad.ts";

/** y[n,c] = mean of x[n,c,·,·]: `[N, C, H, W]` → `[N, C, 1, 1]`, summed in an order that depends on the shape only. */
export function globalAveragePool(x: Tensor): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  return new Tensor({
    op: "globalAveragePool",
    shape: [batch, channels, 1, 1],
    inputs: [x],
    gradient: (outputGradient) => [() => globalAveragePoolGrad(outputGradient, { height, width })],
    kernels: (output, device) => {
      const vectors = paddedChannels(channels) / 4;
      const pixels = height * width;
      const { splits, pixelsPerSplit } = pixelSplits(pixels, batch * vectors, device);
      return splitSum(splits, output.bytes, device, (target) => ({
        shader: { name: "pool/global_average_pool", text: shader },
        constants: { BATCH: batch, PIXELS: pixels, VECTORS: vectors, SPLITS: splits },
        bindings: [x, target],
        workgroups: grid(splits * batch * vectors, 64),
        iterations: pixelsPerSplit + 1,
        flops: 4 * batch * pixels * vectors,
      }));
    },
  });
}
