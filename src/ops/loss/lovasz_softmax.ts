/**
 * Lovász-softmax (Berman, Triki and Blaschko, CVPR 2018): a loss that follows the mean IoU of the classes.
 *
 * @module
 */

import gradientShader from "../../../shaders/loss/lovasz_grad.wgsl" with { type: "text" };
import partShader from "../../../shaders/loss/lovasz_parts.wgsl" with { type: "text" };
import sumShader from "../../../shaders/loss/sum_parts.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { bindablePixels, inPixels } from "../../graph/slices.ts";
import { type DeviceTraits, type KernelCall, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { labelledBindings, labelledConstants, labelledSizes, scoredPixels } from "./labelled_pixels.ts";
import { type LovaszProblem, lovaszWeights } from "./lovasz_weights.ts";

/** Buckets of the errors, unless another number is given. */
const defaultBuckets = 65_536;
/** Pixels whose errors one invocation adds, at least. */
const leastPixelsPerRun = 16;
/** The most parts of the loss. */
const mostParts = 16_384;

/** Options of `lovaszSoftmax`. */
export interface LovaszSoftmaxOptions {
  /** Pixels whose label has this value are ignored. Default 255. So are those whose label is not the id of a class. */
  readonly ignoreLabel?: number;
  /**
   * Number of buckets of the errors between 0 and 1: a power of two up to 65,536, the default. Errors in one bucket count
   * as equal. With 65,536 buckets the loss of 262,144 pixels differs by less than 1e-9 from that of sorted errors.
   */
  readonly buckets?: number;
}

/**
 * The Lovász-softmax of a batch as a whole, over the classes that are in its labels: `[N, C, H, W]` with labels of the
 * same size → scalar `[1]`.
 *
 * For a class c, the error of a pixel is |t − p|, where p is the softmax and t is 1 for pixels of the class. With the
 * errors e₁ ≥ e₂ ≥ … the loss of the class is Σ e_i·(J_i − J_{i−1}), where J_i is the Jaccard loss of the class if just
 * the first i pixels are wrong. The result is the mean over the classes that are in the labels, 0 where there is none.
 *
 * Errors are not sorted but counted in buckets, so that the costs grow with the pixels only and two runs give the same
 * bits. The counts take 8 bytes per class and bucket. It has a gradient at the logits, which takes the order of the
 * errors as it is.
 *
 * @param labels `[N, H, W]` of type u8 and layout `"plain"`.
 * @throws {RangeError} if a shape, type or layout does not fit, or the number of buckets is no such power of two.
 */
export function lovaszSoftmax(logits: Tensor, labels: Tensor, options: LovaszSoftmaxOptions = {}): Tensor {
  const { buckets = defaultBuckets } = options;
  if (!Number.isInteger(Math.log2(buckets)) || buckets < 2 || buckets > defaultBuckets) {
    refuse("lovaszSoftmax", `${buckets} buckets; their number must be a power of two from 2 to ${defaultBuckets}`);
  }
  const problem: LovaszProblem = { ...scoredPixels("lovaszSoftmax", logits, labels, options), buckets };
  const { probabilities } = problem;
  const weights = lovaszWeights(problem);
  return new Tensor({
    op: "lovaszSoftmax",
    shape: [1],
    layout: "plain",
    inputs: [probabilities, labels, weights],
    gradient: (outputGradient) => [() => lovaszSoftmaxGrad(outputGradient, weights, problem), null, null],
    kernels: (_output, device) => lossKernels(weights, problem, device),
  });
}

function lossKernels(weights: Tensor, problem: LovaszProblem, device: DeviceTraits): KernelPlan {
  const { pixels, classes, vectors } = labelledSizes(problem);
  const ranges = device.maxBindingBytes === undefined
    ? [{ first: 0, count: pixels }]
    : bindablePixels(problem.probabilities, device.maxBindingBytes);
  const perRun = Math.max(leastPixelsPerRun, Math.ceil(pixels * vectors / mostParts));
  let parts = 0;
  const placed = ranges.map((range) => {
    const runs = Math.ceil(range.count / perRun);
    parts += runs * vectors;
    return { range, first: parts - runs * vectors, runs };
  });
  const scratch = { scratch: 0 };
  return {
    calls: [
      ...placed.map(({ range, first, runs }): KernelCall => ({
        shader: { name: "loss/lovasz_parts", text: partShader },
        constants: {
          ...labelledConstants(problem, range),
          BUCKETS: problem.buckets,
          RUNS: runs,
          FIRST_PART: first,
        },
        bindings: [...labelledBindings(problem, range), weights, scratch],
        workgroups: grid(runs * vectors, 64),
        iterations: perRun + 1,
        flops: 6 * range.count * classes,
      })),
      {
        shader: { name: "loss/sum_parts", text: sumShader },
        constants: { PARTS: parts },
        bindings: [scratch, "output"],
        workgroups: [1, 1, 1],
        iterations: Math.ceil(parts / 256) + 16,
      },
    ],
    scratchBytes: [parts * 4],
  };
}

/** dp `[N, C, H, W]` at the probabilities, from the gradient at the loss `[1]` and the weights of the errors. */
function lovaszSoftmaxGrad(outputGradient: Tensor, weights: Tensor, problem: LovaszProblem): Tensor {
  const { classes, vectors } = labelledSizes(problem);
  return new Tensor({
    op: "lovaszSoftmaxGrad",
    shape: problem.probabilities.shape,
    inputs: [outputGradient, weights, problem.probabilities, problem.labels],
    kernels: (output, device) =>
      inPixels(output, device, (range) => ({
        calls: [{
          shader: { name: "loss/lovasz_grad", text: gradientShader },
          constants: { ...labelledConstants(problem, range), BUCKETS: problem.buckets },
          bindings: [...labelledBindings(problem, range), weights, outputGradient, "output"],
          workgroups: grid(range.count * vectors, 64),
          iterations: 0,
          flops: 6 * range.count * classes,
        }],
      })),
  });
}
