/**
 * Sum over batch and pixels, one value per channel: the gradient of a bias.
 *
 * @module
 */

import shader from "../../../shaders/reduce/channel_sum.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { storedElements } from "../../graph/layout.ts";
import { pixelRange } from "../../graph/slices.ts";
import { splitSum } from "../../graph/split_sum.ts";
import { Tensor } from "../../graph/tensor.ts";
import { pixelSizes, pixelSplits, pixelSumCalls } from "./pixel_splits.ts";

/**
 * s[c] = Σ_{n,y,x} x[n,c,y,x]: `[N, C, H, W]` → `[C]`. The order of the sum depends on the shape only. Has no gradient.
 */
export function channelSum(x: Tensor): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  return new Tensor({
    op: "channelSum",
    shape: [channels],
    layout: "channels",
    inputs: [x],
    kernels: (output, device) => {
      const vectors = storedElements(output.shape, "channels") / 4;
      const pixels = batch * height * width;
      const all = pixelSplits(pixels, vectors, device);
      return splitSum(
        all.splits,
        output.bytes,
        device,
        (parts) =>
          pixelSumCalls(pixels, all, parts, output, device, ({ pixels, ...slice }, target) => ({
            shader: { name: "reduce/channel_sum", text: shader },
            constants: {},
            bindings: [pixelRange(x, pixels), pixelSizes(pixels.count, vectors, slice), target],
            workgroups: grid(slice.splits * vectors, 64),
            iterations: slice.pixelsPerSplit,
            flops: 4 * pixels.count * vectors,
          })),
      );
    },
  });
}
