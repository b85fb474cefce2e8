/**
 * Mean and variance of a batch, per channel.
 *
 * @module
 */

import shader from "../../../shaders/norm/batch_norm_statistics.wgsl" with { type: "text" };
import combine from "../../../shaders/norm/batch_norm_statistics_combine.wgsl" with { type: "text" };
import combineWorkgroup from "../../../shaders/norm/batch_norm_statistics_combine_workgroup.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { Tensor } from "../../graph/tensor.ts";
import { pixelSizes, pixelSplits } from "../reduce/pixel_splits.ts";
import { extent } from "./normalization.ts";

/**
 * `[N, C, H, W]` → `[2, C]`: mean, and biased variance (divided by N·H·W), over batch and pixels. Runs of pixels are
 * combined by count, mean and sum of squares in fixed order. Its gradient is part of `batchNormTraining`'s.
 */
export function batchNormStatistics(x: Tensor): Tensor {
  return new Tensor({
    op: "batchNormStatistics",
    shape: [2, x.shape[1] ?? 1],
    layout: "channels",
    inputs: [x],
    kernels: (output, device) => {
      const { pixels, vectors } = extent(x);
      const { splits, pixelsPerSplit } = pixelSplits(pixels, vectors, device);
      const sizes = pixelSizes(pixels, vectors, { splits });
      return {
        scratchBytes: [splits * output.bytes],
        calls: [{
          shader: { name: "norm/batch_norm_statistics", text: shader },
          constants: {},
          bindings: [x, sizes, { scratch: 0 }],
          workgroups: grid(splits * vectors, 64),
          iterations: pixelsPerSplit,
          flops: 16 * pixels * vectors,
        }, {
          ...device.software
            ? { shader: { name: "norm/batch_norm_statistics_combine", text: combine }, workgroups: grid(vectors, 64) }
            : {
              shader: { name: "norm/batch_norm_statistics_combine_workgroup", text: combineWorkgroup },
              workgroups: [vectors, 1, 1],
            },
          constants: {},
          bindings: [{ scratch: 0 }, sizes, "output"],
          iterations: splits,
        }],
      };
    },
  });
}
