/**
 * Mean and variance of a batch, per channel.
 *
 * @module
 */

import shader from "../../../shaders/norm/batch_norm_statistics.wgsl" with { type: "text" };
import combine from "../../../shaders/norm/batch_norm_statistics_combine.wgsl" with { type: "text" };
import combineWorkgroup from "../../../shaders/norm/batch_norm_statistics_combine_workgroup.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { pixelRange } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { pixelSizes, pixelSplits, pixelSumCalls } from "../reduce/pixel_splits.ts";
import { extent } from "./normalization.ts";

/**
 * The mean and the biased variance (divided by N·H·W) over batch and pixels: `[N, C, H, W]` → `[2, C]`. Each part of
 * the pixels gives its mean and its sum of squared differences from it; these are combined in a fixed order. How many
 * pixels a part has follows from the sizes. The gradient is part of `batchNormTraining`'s.
 */
export function batchNormStatistics(x: Tensor): Tensor {
  return new Tensor({
    op: "batchNormStatistics",
    shape: [2, x.shape[1] ?? 1],
    layout: "channels",
    inputs: [x],
    kernels: (output, device) => {
      const { pixels, vectors } = extent(x);
      const all = pixelSplits(pixels, vectors, device);
      const runs = { scratch: 0 };
      const first = pixelSumCalls(pixels, all, runs, output, device, ({ pixels, ...slice }, target) => ({
        shader: { name: "norm/batch_norm_statistics", text: shader },
        constants: {},
        bindings: [pixelRange(x, pixels), pixelSizes(pixels.count, vectors, slice), target],
        workgroups: grid(slice.splits * vectors, 64),
        iterations: slice.pixelsPerSplit,
        flops: 16 * pixels.count * vectors,
      }));
      return {
        scratchBytes: [all.splits * output.bytes],
        calls: [...first, {
          ...device.software
            ? { shader: { name: "norm/batch_norm_statistics_combine", text: combine }, workgroups: grid(vectors, 64) }
            : {
              shader: { name: "norm/batch_norm_statistics_combine_workgroup", text: combineWorkgroup },
              workgroups: [vectors, 1, 1],
            },
          constants: {},
          bindings: [runs, pixelSizes(pixels, vectors, all), "output"],
          iterations: all.splits,
        }],
      };
    },
  });
}
