/**
 * Batch norm with the statistics of the batch, fused with the residual sum and the activation that follow.
 *
 * @module
 */

import type { Tensor } from "../../graph/tensor.ts";
import { normalize } from "./batch_norm.ts";
import { batchNormStatistics } from "./batch_norm_statistics.ts";
import { type BatchNormOptions, checkNormalization } from "./normalization.ts";

/** Options of `batchNormTraining`. */
export interface BatchNormTrainingOptions extends BatchNormOptions {
  /**
   * `batchNormStatistics(x)` `[2, C]`, if the caller has it already, to update running statistics. Default: computed
   * here.
   */
  readonly statistics?: Tensor;
}

/**
 * y = f(γ·(x − mean)/√(variance + ε) + β + r) with mean and biased variance of `x` over batch and pixels: `[N, C, H,
 * W]` → the same. The gradient is the full one, which goes through the statistics too. The caller updates running
 * statistics (`updateRunningStatistics`). Source: Ioffe & Szegedy 2015; PyTorch's `batch_norm(training=True)`.
 *
 * @throws {RangeError} if a parameter is not one number per channel, the residual has another shape, or epsilon is not
 * positive.
 */
export function batchNormTraining(
  x: Tensor,
  parameters: { readonly gamma: Tensor; readonly beta: Tensor },
  options: BatchNormTrainingOptions = {},
): Tensor {
  const { epsilon = 1e-5, activation = "none", statistics = batchNormStatistics(x), residual } = options;
  const { gamma, beta } = parameters;
  return normalize(checkNormalization({ x, gamma, beta, statistics, epsilon, activation, residual }));
}
