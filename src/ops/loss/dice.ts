/**
 * The dice loss: how little the probabilities of a class and its pixels overlap.
 *
 * @module
 */

import lossShader from "../../../shaders/loss/dice.wgsl" with { type: "text" };
import gradientShader from "../../../shaders/loss/dice_grad.wgsl" with { type: "text" };
import sumShader from "../../../shaders/loss/dice_sums.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { inPixels } from "../../graph/slices.ts";
import { splitSum } from "../../graph/split_sum.ts";
import { Tensor } from "../../graph/tensor.ts";
import { softmax } from "../activation/softmax.ts";
import { pixelSplits, pixelSumCalls } from "../reduce/pixel_splits.ts";
import {
  labelledBindings,
  labelledConstants,
  labelledSizes,
  labelRange,
  type ScoredPixels,
  scoredPixels,
} from "./labelled_pixels.ts";

/** Added to the sums that the loss divides by (LaserMix's code). */
const smoothing = 1e-4;

/** Options of `dice`. */
export interface DiceOptions {
  /** Pixels whose label has this value are ignored. Default 255. So are those whose label is not the id of a class. */
  readonly ignoreLabel?: number;
}

/**
 * The dice loss of a batch as a whole: `[N, C, H, W]` with labels of the same size → scalar `[1]`.
 *
 * It is the mean over all classes, also those without a pixel, of 1 − 2·Σ p·t / (Σ (p + t) + 1e-4), where p is the
 * softmax and t is 1 at the pixel's class; the sums go over the pixels with a label. It is 0 where there is no such
 * pixel. It has a gradient at the logits.
 *
 * @param labels `[N, H, W]` of type u8 and layout `"plain"`.
 * @throws {RangeError} if a shape, type or layout does not fit.
 */
export function dice(logits: Tensor, labels: Tensor, options: DiceOptions = {}): Tensor {
  const problem = { ...scoredPixels("dice", logits, labels, options), values: softmax(logits) };
  const { classes, vectors } = labelledSizes(problem);
  const sums = diceSums(problem);
  return new Tensor({
    op: "dice",
    shape: [1],
    layout: "plain",
    inputs: [problem.values, sums],
    gradient: (outputGradient) => [() => diceGrad(outputGradient, sums, problem), null],
    kernels: () => ({
      calls: [{
        shader: { name: "loss/dice", text: lossShader },
        constants: { CLASSES: classes, VECTORS: vectors, SMOOTHING: smoothing },
        bindings: [sums, "output"],
        workgroups: [1, 1, 1],
        iterations: vectors + 1,
      }],
    }),
  });
}

/** The two sums of each class, Σ p·t and Σ (p + t) → `[2, 4·VECTORS]`, plain. Has no gradient. */
function diceSums(problem: ScoredPixels): Tensor {
  const { pixels, classes, vectors } = labelledSizes(problem);
  return new Tensor({
    op: "diceSums",
    shape: [2, 4 * vectors],
    layout: "plain",
    inputs: [problem.values, problem.labels],
    kernels: (output, device) => {
      const all = pixelSplits(pixels, vectors, device);
      return splitSum(
        all.splits,
        output.bytes,
        device,
        (parts) =>
          pixelSumCalls(pixels, all, parts, output, device, ({ pixels: range, splits, pixelsPerSplit }, target) => ({
            shader: { name: "loss/dice_sums", text: sumShader },
            constants: { ...labelledConstants(problem, range), SPLITS: splits, PIXELS_PER_SPLIT: pixelsPerSplit },
            bindings: [...labelledBindings(problem, range), target],
            workgroups: grid(splits * vectors, 64),
            iterations: pixelsPerSplit + 1,
            flops: 4 * range.count * classes,
          })),
      );
    },
  });
}

/** dp `[N, C, H, W]` at the probabilities, from the gradient at the loss `[1]` and the sums. */
function diceGrad(outputGradient: Tensor, sums: Tensor, problem: ScoredPixels): Tensor {
  const { classes, vectors } = labelledSizes(problem);
  return new Tensor({
    op: "diceGrad",
    shape: problem.values.shape,
    inputs: [outputGradient, sums, problem.labels],
    kernels: (output, device) =>
      inPixels(output, device, (range) => ({
        calls: [{
          shader: { name: "loss/dice_grad", text: gradientShader },
          constants: { ...labelledConstants(problem, range), SMOOTHING: smoothing },
          bindings: [sums, labelRange(problem.labels, range), outputGradient, "output"],
          workgroups: grid(range.count * vectors, 64),
          iterations: 0,
          flops: 5 * range.count * classes,
        }],
      })),
  });
}
