/**
 * What the kernels of batch norm share, forward and backward, with frozen statistics and with those of the batch.
 *
 * @module
 */

import type { ShaderConstants } from "../../gpu/shader.ts";
import { paddedChannels } from "../../graph/layout.ts";
import type { KernelBinding, Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { type Activation, activationConstants } from "../activation/kind.ts";
import { pixelSizes, type PixelSplits } from "../reduce/pixel_splits.ts";

/** Options of a batch norm. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5, as in PyTorch. */
  readonly epsilon?: number;
  /** Applied to the result in the same pass. Default `"none"`. */
  readonly activation?: Activation;
  /** `[N, C, H, W]`, added before the activation in the same pass: the shortcut of a residual block. Default: none. */
  readonly residual?: Tensor | undefined;
}

/** A batch norm with all its options. */
export interface Normalization {
  /** `[N, C, H, W]`. */
  readonly x: Tensor;
  /** `[C]` each. */
  readonly gamma: Tensor;
  readonly beta: Tensor;
  /** Mean and biased variance: `[C]` each when frozen, or one `[2, C]` of the batch. */
  readonly statistics: { readonly mean: Tensor; readonly variance: Tensor } | Tensor;
  readonly epsilon: number;
  readonly activation: Activation;
  /** `[N, C, H, W]`. */
  readonly residual?: Tensor | undefined;
}

/**
 * Checks the shapes.
 *
 * @throws {RangeError} if a parameter is not one number per channel of `x`, the residual has another shape, or epsilon
 * is not positive.
 */
export function checkNormalization(normalization: Normalization): Normalization {
  const { x, gamma, beta, statistics, epsilon } = normalization;
  const channels = x.shape[1];
  const vectors = { gamma, beta, ...("mean" in statistics ? statistics : {}) };
  for (const [name, tensor] of Object.entries(vectors)) {
    if (tensor.layout !== "channels" || tensor.shape.length !== 1 || tensor.shape[0] !== channels) {
      refuse(
        "batchNorm",
        `input has ${channels} channels, ${name} is [${tensor.shape.join(", ")}] of layout ${tensor.layout}`,
      );
    }
  }
  if (!("mean" in statistics) && (statistics.layout !== "channels" || statistics.shape.join() !== `2,${channels}`)) {
    refuse(
      "batchNorm",
      `input has ${channels} channels, statistics are [${statistics.shape.join(", ")}] of layout ${statistics.layout}`,
    );
  }
  const { residual = x } = normalization;
  if (residual.shape.join() !== x.shape.join()) {
    refuse("batchNorm", `input is [${x.shape.join(", ")}], the residual [${residual.shape.join(", ")}]`);
  }
  // A positive epsilon also keeps padding channels at 0, whose variance is 0.
  if (!(epsilon > 0)) {
    refuse("batchNorm", `epsilon is ${epsilon}, it must be positive`);
  }
  return normalization;
}

/** γ, β, μ, σ² in the order of the shaders' bindings. */
export function normalizationBindings({ gamma, beta, statistics }: Normalization): [Tensor, Tensor, Tensor, Tensor] {
  return "mean" in statistics
    ? [gamma, beta, statistics.mean, statistics.variance]
    : [gamma, beta, statistics, statistics];
}

/** The constants that all shaders of batch norm declare. */
export function normalizationConstants({ epsilon, activation }: Normalization): ShaderConstants {
  return { EPSILON: epsilon, ...activationConstants(activation) };
}

/** The sizes that all shaders of batch norm read (`shaders/lib/pixel_sizes.wgsl`), for some of the pixels of `x`. */
export function normalizationSizes(
  { x, statistics }: Normalization,
  count: number,
  splits?: PixelSplits,
): KernelBinding {
  const { pixels, vectors } = extent(x);
  const varianceStart = "mean" in statistics ? 0 : vectors;
  return pixelSizes(count, vectors, { ...splits, varianceStart, batchPixels: pixels });
}

/** Number of pixels in the whole batch, and of vec4 that hold a pixel's channels. */
export function extent(x: Tensor): { pixels: number; vectors: number } {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  return { pixels: batch * height * width, vectors: paddedChannels(channels) / 4 };
}
