/**
 * The two sums of a weighted cross-entropy, which the loss and its gradient share.
 *
 * @module
 */

import sumShader from "../../../shaders/reduce/channel_sum.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { maxIterations } from "../../graph/iterations.ts";
import type { Region } from "../../graph/slices.ts";
import { splitSum } from "../../graph/split_sum.ts";
import { type DeviceTraits, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { pixelSizes, pixelSplits } from "../reduce/pixel_splits.ts";
import { sumOfRegions } from "../reduce/sum_of_slices.ts";
import {
  crossEntropyCall,
  crossEntropyInputs,
  crossEntropyIterations,
  type CrossEntropySizes,
  crossEntropySizes,
} from "./cross_entropy_call.ts";
import type { CrossEntropyProblem } from "./interpolated_cross_entropy.ts";

/**
 * The most partial sums that the first launch writes, but at least one row of columns. They are enough to fill a large
 * GPU.
 */
const wantedPartialSums = 16_384;

/**
 * The sum of the weighted losses and the sum of the weights, over all valid pixels, and those of the regulariser →
 * `[4]`, plain: loss, weight, regulariser, its weight. Has no gradient.
 */
export function interpolatedCrossEntropySums(problem: CrossEntropyProblem): Tensor {
  return new Tensor({
    op: "interpolatedCrossEntropySums",
    shape: [4],
    layout: "plain",
    inputs: crossEntropyInputs(problem),
    kernels: (output, device) => {
      const { batch, height } = crossEntropySizes(problem);
      return sumOfRegions(
        { batch, outputHeight: height },
        output,
        device,
        (region) => kernels(problem, region, output.bytes, device),
      );
    },
  });
}

function kernels(problem: CrossEntropyProblem, region: Region, outputBytes: number, device: DeviceTraits): KernelPlan {
  const sizes = crossEntropySizes(problem);
  const { logitsWidth } = sizes;
  const rows = region.images.count * region.rows.count;
  const rowsPerInvocation = rowsWithin(maxIterations, Math.ceil(rows * logitsWidth / wantedPartialSums), sizes);
  const partialSums = Math.ceil(rows / rowsPerInvocation) * logitsWidth;
  const { splits, pixelsPerSplit } = pixelSplits(partialSums, 1, device);
  const scratch = { scratch: splits === 1 ? 0 : 1 };
  const sum = splitSum(splits, outputBytes, device, (result) => ({
    shader: { name: "reduce/channel_sum", text: sumShader },
    constants: {},
    bindings: [scratch, pixelSizes(partialSums, 1, { splits, pixelsPerSplit }), result],
    workgroups: grid(splits, 64),
    iterations: pixelsPerSplit,
  }));
  return {
    calls: [crossEntropyCall(problem, { region, gradient: null, rowsPerInvocation, result: scratch }), ...sum.calls],
    scratchBytes: [...sum.scratchBytes ?? [], partialSums * 16],
  };
}

/** At most this many rows, as long as an invocation does not loop more often than drivers allow. */
function rowsWithin(iterations: number, rows: number, sizes: CrossEntropySizes): number {
  const perRow = crossEntropyIterations(sizes, 2) - crossEntropyIterations(sizes, 1);
  return Math.max(1, Math.min(rows, Math.floor((iterations - crossEntropyIterations(sizes, 0)) / perRow)));
}
