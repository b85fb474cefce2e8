/**
 * Cross-entropy of logits that are interpolated to the size of the labels. One kernel does both, so that neither the
 * large logits nor their probabilities are ever stored. If the logits already have the labels' size, nothing is
 * interpolated, and this is the plain cross-entropy.
 *
 * @module
 */

import meanShader from "../../../shaders/loss/weighted_mean.wgsl" with { type: "text" };
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { requireInterpolation } from "../resize/between.ts";
import { crossEntropyDivisor } from "./cross_entropy_call.ts";
import { interpolatedCrossEntropyGrad } from "./interpolated_cross_entropy_grad.ts";
import { interpolatedCrossEntropySums } from "./interpolated_cross_entropy_sums.ts";

/**
 * The regularisers of a network's output (CRST, Zou et al., ICCV 2019, section 4.2), for K classes and the
 * probabilities p of a pixel.
 * - `mrkld`: −(1/K) Σ_k log p_k, the cross-entropy with equal shares.
 * - `mrent`: Σ_k p_k log p_k, the negative entropy.
 * - `mrl2`: Σ_k p_k².
 */
export type RegularizerKind = "mrkld" | "mrent" | "mrl2";

/** A regulariser of the cross-entropy. */
export interface CrossEntropyRegularizer {
  /** Which one. */
  readonly kind: RegularizerKind;
  /** Its weight in the loss, the paper's α. */
  readonly weight: number;
  /** How much each image is regularised, `[N]` of layout `"plain"`, 0 or more. Default: all alike, 1. */
  readonly images?: Tensor;
}

/** Options of `interpolatedCrossEntropy`. */
export interface InterpolatedCrossEntropyOptions {
  /** Whether the corner pixels of logits and labels coincide. Default `false`, as in PyTorch. */
  readonly alignCorners?: boolean;
  /**
   * Pixels whose hard label has this value are ignored. Default 255. So are pixels whose label is not the id of a
   * class.
   */
  readonly ignoreLabel?: number;
  /** Weight of each class, `[C]` of layout `"channels"`; default 1. */
  readonly classWeights?: Tensor;
  /** Weight of each pixel of the labels, `[N, H, W]` of layout `"plain"`; default 1. */
  readonly pixelWeights?: Tensor;
  /**
   * What the sum of the losses is divided by: the weights of the pixels that count (`labelled`), or the number of all
   * pixels, ignored ones too (`all`). The regulariser does not see this. Default `labelled`.
   */
  readonly averageOver?: "labelled" | "all";
  /**
   * A regulariser, which is added: weight · Σ s·u·r / Σ u, over the pixels that count and whose image has a share s above
   * 0. Nothing is added where there is no such pixel. Default: none.
   */
  readonly regularizer?: CrossEntropyRegularizer;
}

/** What the loss and its gradient are computed from. */
export interface CrossEntropyProblem extends InterpolatedCrossEntropyOptions {
  /** Logits `[N, C, h, w]`. */
  readonly logits: Tensor;
  /** Hard labels `[N, H, W]` (u8, plain), or soft ones `[N, C, H, W]`. */
  readonly labels: Tensor;
}

/**
 * Mean of −log p[label] over the pixels of the labels, where p is the softmax of the bilinearly interpolated logits:
 * `[N, C, h, w]` with labels of `[H, W]` → scalar `[1]`.
 *
 * With weights it is Σ u·a·(−log p) / Σ u·a, where u is the weight of the pixel and a that of the label's class. This
 * is PyTorch's weighted mean. Soft labels s give Σ u·Σ_c a_c·s_c·(−log p_c) / Σ u·(Σ_c a_c·s_c / Σ_c s_c). A pixel
 * whose soft labels are all zero is ignored. If no pixel counts, the result and the gradients are 0, where PyTorch
 * gives NaN. With `averageOver: "all"` the divisor is N·H·W in all of this.
 *
 * It has a gradient at the logits only.
 *
 * @param labels hard: `[N, H, W]` of type u8 and layout `"plain"`; soft: `[N, C, H, W]` of layout `"activation"`.
 * @throws {RangeError} if a shape, type or layout does not fit, or a side of the logits times that of the labels is 2³⁰
 * or more and they differ.
 */
export function interpolatedCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: InterpolatedCrossEntropyOptions = {},
): Tensor {
  const problem: CrossEntropyProblem = { ...options, logits, labels };
  checkShapes(problem);
  const sums = interpolatedCrossEntropySums(problem);
  return new Tensor({
    op: "interpolatedCrossEntropy",
    shape: [1],
    layout: "plain",
    inputs: [logits, sums],
    gradient: (outputGradient) => [() => interpolatedCrossEntropyGrad(outputGradient, sums, problem), null],
    kernels: () => ({
      calls: [{
        shader: { name: "loss/weighted_mean", text: meanShader },
        constants: { REGULARIZER_WEIGHT: options.regularizer?.weight ?? 0, DIVISOR: crossEntropyDivisor(problem) },
        bindings: [sums, "output"],
        workgroups: [1, 1, 1],
        iterations: 0,
      }],
    }),
  });
}

function checkShapes({ logits, labels, classWeights, pixelWeights, regularizer }: CrossEntropyProblem): void {
  const [batch = 1, classes = 1] = logits.shape;
  const soft = labels.shape.length === 4;
  const [height = 1, width = 1] = labels.shape.slice(-2);
  const fits = soft
    ? labels.dtype === "f32" && labels.layout === "activation" && labels.shape[0] === batch &&
      labels.shape[1] === classes
    : labels.dtype === "u8" && labels.layout === "plain" && labels.shape.length === 3 && labels.shape[0] === batch;
  const problem = logits.shape.length !== 4 || logits.layout !== "activation"
    ? `logits ${logits} must be [N, C, h, w]`
    : !fits
    ? `labels ${labels} (${labels.dtype}, ${labels.layout}) must be u8 plain [${batch}, H, W], or soft [${batch}, ${classes}, H, W]`
    : classWeights !== undefined && (classWeights.layout !== "channels" || classWeights.shape.join() !== `${classes}`)
    ? `class weights ${classWeights} (${classWeights.layout}) must be [${classes}] of channels`
    : pixelWeights !== undefined &&
        (pixelWeights.layout !== "plain" || pixelWeights.shape.join() !== [batch, height, width].join())
    ? `pixel weights ${pixelWeights} (${pixelWeights.layout}) must be plain [${batch}, ${height}, ${width}]`
    : regularizer !== undefined && !Number.isFinite(regularizer.weight)
    ? `the weight of the regulariser is ${regularizer.weight}, it must be finite`
    : regularizer?.images !== undefined &&
        (regularizer.images.layout !== "plain" || regularizer.images.shape.join() !== `${batch}`)
    ? `shares of images ${regularizer.images} (${regularizer.images.layout}) must be plain [${batch}]`
    : null;
  if (problem !== null) {
    refuse("interpolatedCrossEntropy", problem);
  }
  requireInterpolation("interpolatedCrossEntropy", logits.shape.slice(-2), [height, width]);
}
