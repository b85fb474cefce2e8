/**
 * Batch norm with frozen statistics, fused with the residual sum and the activation that follow. `batchNormTraining`
 * uses the statistics of the batch.
 *
 * @module
 */

import shader from "../../../shaders/norm/batch_norm.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { inPixels, pixelRange } from "../../graph/slices.ts";
import { type DeviceTraits, Tensor } from "../../graph/tensor.ts";
import { activation, outputTellsSide } from "../activation/activation.ts";
import { activationGrad } from "../activation/activation_grad.ts";
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
  normalizationSizes,
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
 * y = f(γ·(x − μ)/√(σ² + ε) + β + r) per channel, where f is the activation and r the residual: `[N, C, H, W]` → the
 * same. γ and β may be trained; μ and σ² are constants. Source: Ioffe & Szegedy 2015; PyTorch's
 * `batch_norm(training=False)`.
 *
 * @throws {RangeError} if a parameter is not one number per channel, the residual has another shape, or epsilon is not
 * positive.
 */
export function batchNorm(x: Tensor, parameters: BatchNormParameters, options: BatchNormOptions = {}): Tensor {
  const { gamma, beta, mean, variance } = parameters;
  const { epsilon = 1e-5, activation: kind = "none", residual } = options;
  return normalize(
    checkNormalization({ x, gamma, beta, statistics: { mean, variance }, epsilon, activation: kind, residual }),
  );
}

/**
 * The op behind `batchNorm` and `batchNormTraining`. Its gradient goes through the statistics if they are those of the
 * batch, and not if they are frozen.
 */
export function normalize(normalization: Normalization): Tensor {
  const { x, gamma, beta, statistics, residual, activation: kind } = normalization;
  if (residual !== undefined && !outputTellsSide(kind)) {
    return activation(normalize({ ...normalization, activation: "none" }), kind);
  }
  const frozen = "mean" in statistics ? [statistics.mean, statistics.variance] : [statistics];
  const y: Tensor = new Tensor({
    op: "batchNorm",
    shape: x.shape,
    inputs: [x, gamma, beta, ...frozen, ...(residual === undefined ? [] : [residual])],
    gradient: (outputGradient) => {
      // The residual's gradient is the gradient at the activation's input. With a residual it is therefore computed
      // once and kept.
      const parts = residual === undefined
        ? normalization
        : { ...normalization, residual: undefined, activation: "none" as const };
      let sum: Tensor | undefined;
      const sumGradient = () =>
        sum ??= parts.activation === kind ? outputGradient : activationGrad(outputGradient, y, kind);
      // One pass over the pixels gives both dβ and dγ. It is added when the first of them is wanted, or a dx that needs
      // them.
      let affine: Tensor | undefined;
      const affineGradient = () => affine ??= batchNormAffineGrad(sumGradient(), parts);
      return [
        () =>
          "mean" in statistics
            ? batchNormInputGrad(sumGradient(), parts)
            : batchNormInputGrad(sumGradient(), parts, affineGradient()),
        () => row(affineGradient(), 1),
        () => row(affineGradient(), 0),
        ...frozen.map(() => null),
        ...(residual === undefined ? [] : [sumGradient]),
      ];
    },
    kernels: kernels(normalization, false),
    inPlace: { of: x, kernels: kernels(normalization, true) },
  });
  return y;
}

/** The launches that normalise `x` into memory of its own, or into that of `x`. */
function kernels(normalization: Normalization, isInPlace: boolean) {
  const { x, residual } = normalization;
  return (output: Tensor, device: DeviceTraits) =>
    inPixels(output, device, (range) => {
      const { vectors } = extent(x);
      const includes = isInPlace ? { "lib/input_apart.wgsl": "lib/input_in_place.wgsl" } : {};
      return {
        calls: [{
          shader: { name: "norm/batch_norm", text: shader, includes },
          constants: { ...normalizationConstants(normalization), HAS_RESIDUAL: residual !== undefined },
          bindings: [
            ...normalizationBindings(normalization),
            residual === undefined ? normalization.gamma : pixelRange(residual, range),
            normalizationSizes(normalization, range.count),
            "output",
            ...isInPlace ? [] : [pixelRange(x, range)],
          ],
          workgroups: grid(Math.ceil(range.count / 8) * vectors, 64),
          iterations: 0,
          flops: 16 * range.count * vectors,
        }],
      };
    });
}
