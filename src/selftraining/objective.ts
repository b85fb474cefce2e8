/**
 * What training minimises: a function from the logits of a batch and its labels to one number. The trainer takes it as
 * an option. The regularisers of CRST are in `crossEntropyWith`; another one is a second term with a weight:
 * `sum(crossEntropy(), weighted(regulariser, 0.1))`.
 *
 * @module
 */

import { ReasonedError } from "../errors.ts";
import type { Layout } from "../graph/layout.ts";
import type { Tensor } from "../graph/tensor.ts";
import { add } from "../ops/arithmetic/add.ts";
import { scale } from "../ops/arithmetic/scale.ts";
import { sampleGeometryLength, sampleGeometryValues, wholeImage } from "../ops/data/geometry.ts";
import { sampleFloats, sampleWeights } from "../ops/data/sample_floats.ts";
import { sampleLabels } from "../ops/data/sample.ts";
import { dice } from "../ops/loss/dice.ts";
import { lovaszSoftmax } from "../ops/loss/lovasz_softmax.ts";
import { interpolatedCrossEntropy, type RegularizerKind } from "../ops/loss/interpolated_cross_entropy.ts";

/** The labels of a batch of crops. */
export interface LabelTensors {
  /** Hard: `[N, H, W]`, u8, 255 = ignored. Soft: `[N, C, H, W]`, a pixel of zeros is ignored. */
  readonly labels: Tensor;
  /**
   * Weight of each pixel, `[N, H, W]`, already multiplied by the weight of its image. Absent if all pixels weigh the
   * same.
   */
  readonly pixelWeights?: Tensor;
  /** How much each image is regularised, `[N]`, plain. Absent if all are alike. */
  readonly regularized?: Tensor;
}

/** What an objective may ask of the trainer. */
export interface ObjectiveContext {
  /** Number of classes. */
  readonly classes: number;
  /**
   * Whether the corner pixels of the logits and of the labels coincide when the logits are interpolated to the labels'
   * size.
   */
  readonly alignCorners: boolean;
  /**
   * Makes a tensor of numbers that stay the same in every step.
   *
   * @param name for messages; another constant may have the same.
   */
  readonly constant: (name: string, shape: readonly number[], values: Float32Array, layout: Layout) => Tensor;
}

/** From logits `[N, C, h, w]` and labels to the scalar `[1]` that is minimised. */
export type Objective = (logits: Tensor, labels: LabelTensors, context: ObjectiveContext) => Tensor;

/**
 * The mean cross-entropy over the pixels with a label, hard or soft (`interpolatedCrossEntropy`).
 *
 * @param options `classWeights`: one weight per class. Default: all classes weigh the same.
 * @throws {RangeError} when the step is traced, if the number of weights is not that of the classes.
 */
export function crossEntropy(options: { readonly classWeights?: readonly number[] } = {}): Objective {
  return crossEntropyWith(options);
}

/**
 * A regulariser by its name in the paper (CRST, Zou et al., ICCV 2019): the three of `RegularizerKind`, and
 * `mrkld-released`, which is what the released code computes for MRKLD: the weight enters twice, so that 0.1 acts as
 * 0.01.
 */
export type Regularizer = RegularizerKind | "mrkld-released";

/** What is added to the cross-entropy. */
export interface CrossEntropyOptions {
  /** One weight per class. Default: all classes weigh the same. */
  readonly classWeights?: readonly number[];
  /** A regulariser of the network's output. Default: none. */
  readonly regularizer?: Regularizer;
  /** Weight of the regulariser, the paper's α. Default 0.1, the paper's for MRKLD. */
  readonly weight?: number;
  /**
   * What the sum of the cross-entropy is divided by: the weights of the pixels with a label, or the number of all pixels.
   * Default `labelled`.
   */
  readonly averageOver?: "labelled" | "all";
}

/**
 * The mean cross-entropy over the pixels with a label, and a weight times the mean of a regulariser over those of them
 * that lie in regularised images. Pixels without a label are not regularised (as in the released code).
 *
 * @throws {RangeError} when the step is traced, if the number of class weights is not that of the classes or a weight is
 * not finite.
 */
export function crossEntropyWith(options: CrossEntropyOptions): Objective {
  const { classWeights, regularizer, weight = 0.1, averageOver = "labelled" } = options;
  return (logits, { labels, pixelWeights, regularized: images }, { alignCorners, classes, constant }) => {
    if (classWeights !== undefined && classWeights.length !== classes) {
      throw new RangeError(`Cannot weigh ${classes} classes by ${classWeights.length} class weights`);
    }
    return interpolatedCrossEntropy(logits, labels, {
      alignCorners,
      averageOver,
      ...(pixelWeights === undefined ? {} : { pixelWeights }),
      ...(regularizer === undefined ? {} : {
        regularizer: { ...termOf(regularizer, weight), ...(images === undefined ? {} : { images }) },
      }),
      ...(classWeights === undefined ? {} : {
        classWeights: constant("class weights", [classes], Float32Array.from(classWeights), "channels"),
      }),
    });
  };
}

/**
 * The dice loss (`dice` of the ops) of hard labels that have the size of the logits; else take it `atLogits`.
 *
 * @throws {ReasonedError} when the step is traced, if the labels have another size or are soft, or pixels have weights.
 */
export function diceLoss(): Objective {
  return (logits, labels) => dice(logits, hardLabels("dice loss", logits, labels));
}

/**
 * The Lovász-softmax (`lovaszSoftmax` of the ops) of hard labels that have the size of the logits; else take it
 * `atLogits`.
 *
 * @throws {ReasonedError} when the step is traced, if the labels have another size or are soft, or pixels have weights.
 */
export function lovaszLoss(): Objective {
  return (logits, labels) => lovaszSoftmax(logits, hardLabels("Lovász-softmax", logits, labels));
}

/** The labels, if a loss that compares sets of pixels can take them. */
function hardLabels(loss: string, logits: Tensor, { labels, pixelWeights }: LabelTensors): Tensor {
  if (pixelWeights !== undefined) {
    throw new ReasonedError(`Cannot take the ${loss} of weighted pixels: it knows no weights`);
  }
  if (labels.dtype !== "u8") {
    throw new ReasonedError(`Cannot take the ${loss} of soft labels: it compares sets of pixels`);
  }
  const [size, wanted] = [labels, logits].map(({ shape }) => shape.slice(-2).join("×"));
  if (size !== wanted) {
    throw new ReasonedError(
      `Cannot take the ${loss} at ${wanted} logits with labels of ${size} pixels: both must have one size`,
      "labels of another size",
    );
  }
  return labels;
}

/**
 * An objective at the resolution of the logits: of the labels those are taken that lie nearest to the logits' centres. With
 * logits of an eighth of the size these are the rows and columns 4, 12, 20, … (CBST's MXNet code). It costs less than
 * the loss at every pixel, and sees an eighth of the labels along each side.
 */
export function atLogits(objective: Objective): Objective {
  return (logits, { labels, pixelWeights, ...rest }, context) => {
    const [batch = 1, , height = 1, width = 1] = logits.shape;
    const values = Array.from({ length: batch }, () => sampleGeometryValues(wholeImage(height, width))).flat();
    const geometry = context.constant("geometry", [batch, sampleGeometryLength], Float32Array.from(values), "plain");
    const size = { height, width };
    const nearest = labels.shape.length === 4
      ? sampleFloats(labels, geometry, { ...size, interpolation: "nearest" })
      : sampleLabels(labels, geometry, size);
    const weights = pixelWeights === undefined ? {} : { pixelWeights: sampleWeights(pixelWeights, geometry, size) };
    return objective(logits, { ...rest, ...weights, labels: nearest }, context);
  };
}

function termOf(regularizer: Regularizer, weight: number): { readonly kind: RegularizerKind; readonly weight: number } {
  return regularizer === "mrkld-released" ? { kind: "mrkld", weight: weight * weight } : { kind: regularizer, weight };
}

/**
 * The sum of objectives, such as a loss and a regulariser.
 *
 * @example
 * ```ts
 * import { crossEntropy, interpolatedCrossEntropy, type Objective, sum, weighted } from "../../mod.ts";
 *
 * // Smallest where no class stands out, so that the network is not too sure of itself: the cross-entropy with equal shares
 * // for all classes (Zou et al., ICCV 2019), here over all pixels of the logits.
 * const regulariser: Objective = (logits, _labels, { classes, constant }) => {
 *   const count = logits.shape.reduce((product, side) => product * side, 1);
 *   const equalShares = new Float32Array(count).fill(1 / classes);
 *   return interpolatedCrossEntropy(logits, constant("equal shares", logits.shape, equalShares, "activation"));
 * };
 * export const objective = sum(crossEntropy(), weighted(regulariser, 0.1));
 * ```
 */
export function sum(first: Objective, ...others: readonly Objective[]): Objective {
  return (logits, labels, context) =>
    others.reduce((total, objective) => add(total, objective(logits, labels, context)), first(logits, labels, context));
}

/**
 * An objective times a number.
 *
 * @throws {RangeError} when it is traced, if the weight is not finite.
 */
export function weighted(objective: Objective, weight: number): Objective {
  return (logits, labels, context) => scale(objective(logits, labels, context), weight);
}
