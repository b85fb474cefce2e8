/**
 * Running statistics of a batch norm after a step.
 *
 * @module
 */

import shader from "../../../shaders/norm/update_running_statistics.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";

/**
 * The new running statistics, (1 − momentum)·running + momentum·batch, both `[2, C]` (mean, variance) → `[2, C]`. The
 * result is a new tensor; the caller writes it to where the running statistics are kept. As in PyTorch, the running
 * variance is unbiased: the batch's variance is multiplied by count/(count − 1).
 *
 * @param options `count`: values per channel in the batch, N·H·W. `momentum`: share of the batch, default 0.1.
 * @throws {RangeError} if the shapes differ or there is only one value per channel.
 */
export function updateRunningStatistics(
  running: Tensor,
  batch: Tensor,
  options: { readonly count: number; readonly momentum?: number },
): Tensor {
  const { count, momentum = 0.1 } = options;
  if (running.shape.join() !== batch.shape.join() || running.layout !== "channels" || batch.layout !== "channels") {
    refuse("updateRunningStatistics", `${running} and ${batch} must both be [2, C] of channels`);
  }
  if (!(count > 1)) {
    refuse("updateRunningStatistics", `${count} value per channel has no unbiased variance`);
  }
  return new Tensor({
    op: "updateRunningStatistics",
    shape: running.shape,
    layout: "channels",
    inputs: [running, batch],
    kernels: () => {
      const vectors = paddedChannels(running.shape[1] ?? 1) / 4;
      return {
        calls: [{
          shader: { name: "norm/update_running_statistics", text: shader },
          constants: { VECTORS: vectors, MOMENTUM: momentum, UNBIASED: count / (count - 1) },
          bindings: [running, batch, "output"],
          workgroups: grid(vectors, 64),
          iterations: 0,
        }],
      };
    },
  });
}
