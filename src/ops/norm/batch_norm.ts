/**
 * Batch norm with frozen statistics, fused with the activation that follows. `batchNormTraining` uses those of the batch.
 *
 * @module
 */

import shader from "../../../shaders/norm/batch_norm.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { Tensor } from "../../graph/tensor.ts";
import { row } from "../arithmetic/row.ts";
import { batchNormAffineGrad } from "./batch_norm_affine_grad.ts";
import { batchNormInputGrad } from "./batch_norm_input_grad.ts";
import {
  type BatchNormOptions,
  checkNormalization,
  extent,
  type Normalization,
  normalizationBindings,
  normalizationConstants,
} from "./normalization.ts";

/** Parameters of a batch norm with frozen statistics, each `[C]` in the layout `"channels"`. */
export interface BatchNormParameters {
  /** Scale γ. */
  readonly gamma: Tensor;
  /** Shift β. */
  readonly beta: Tensor;
  /** Mean μ. */
  readonly mean: Tensor;
  /** The variance itself, not its root. */
  readonly variance: Tensor;
}

/**
 * y = f(γ·(x − μ)/√(σ² + ε) + β) per channel, f the activation: `[N, C, H, W]` → the same. γ and β may be trained;
 * μ and σ² are constants. Source: Ioffe & Szegedy 2015; PyTorch's `batch_norm(training=False)`.
 *
 * @throws {RangeError} if a parameter is not one number per channel, or epsilon is not positive.
 */
export function batchNorm(x: Tensor, parameters: BatchNormParameters, options: BatchNormOptions = {}): Tensor {
  const { gamma, beta, mean, variance } = parameters;
  const { epsilon = 1e-5, activation = "none" } = options;
  return normalize(
    checkNormalization({ x, gamma, beta, statistics: { mean, variance }, epsilon, activation }),
  );
}

/** The op behind `batchNorm` and `batchNormTraining`; the gradient flows through batch statistics, not frozen ones. */
export function normalize(normalization: Normalization): Tensor {
  const { x, gamma, beta, statistics } = normalization;
  return new Tensor({
    op: "batchNorm",
    shape: x.shape,
    inputs: [x, gamma, beta, ...("mean" in statistics ? [statistics.mean, statistics.variance] : [statistics])],
    gradient: (outputGradient) => {
      // dβ and dγ come from one pass over the pixels, made when the first of them (or a dx that needs them) is wanted.
      let affine: Tensor | undefined;
      const affineGradient = () => affine ??= batchNormAffineGrad(outputGradient, normalization);
      return [
        () =>
          "mean" in statistics
            ? batchNormInputGrad(outputGradient, normalization)
            : batchNormInputGrad(outputGradient, normalization, affineGradient()),
        () => row(affineGradient(), 1),
        () => row(affineGradient(), 0),
        null,
        null,
      ];
    },
    kernels: () => {
      const { pixels, vectors } = extent(x);
      return {
        calls: [{
          shader: { name: "norm/batch_norm", text: shader },
          constants: normalizationConstants(normalization),
          bindings: [x, ...normalizationBindings(normalization), "output"],
          workgroups: grid(Math.ceil(pixels / 8) * vectors, 64),
          iterations: 0,
          flops: 16 * pixels * vectors,
        }],
      };
    },
  });
}
