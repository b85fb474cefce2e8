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
import { type DeviceTraits, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import {
  checkLabelledPixels,
  labelledBindings,
  labelledConstants,
  labelledSizes,
  softmaxStatistics,
  walkIterations,
} from "./labelled_pixels.ts";
import { type LovaszProblem, lovaszWeights } from "./lovasz_weights.ts";

/** Buckets of the errors, unless another number is given. */
const defaultBuckets = 65_536;
/** Pixels whose errors one invocation adds, at least. */
const leastPixelsPerPart = 16;
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
  const problem: LovaszProblem = { ...options, logits, labels, buckets };
  checkLabelledPixels("lovaszSoftmax", problem);
  if (!Number.isInteger(Math.log2(buckets)) || buckets < 2 || buckets > defaultBuckets) {
    refuse("lovaszSoftmax", `${buckets} buckets; their number must be a power of two from 2 to ${defaultBuckets}`);
  }
  const statistics = softmaxStatistics(problem);
  const known = { statistics, weights: lovaszWeights(problem, statistics) };
  return new Tensor({
    op: "lovaszSoftmax",
    shape: [1],
    layout: "plain",
    inputs: [logits, labels, statistics, known.weights],
    gradient: (outputGradient) => [() => lovaszSoftmaxGrad(outputGradient, known, problem), null, null, null],
    kernels: (_output, device) => lossKernels(known, problem, device),
  });
}

/** What loss and gradient are computed from, besides the problem. */
interface Known {
  readonly statistics: Tensor;
  readonly weights: Tensor;
}

function lossKernels({ statistics, weights }: Known, problem: LovaszProblem, device: DeviceTraits): KernelPlan {
  const { pixels, classes } = labelledSizes(problem);
  const ranges = device.maxBindingBytes === undefined
    ? [{ first: 0, count: pixels }]
    : bindablePixels(problem.logits, device.maxBindingBytes);
  const perPart = Math.max(leastPixelsPerPart, Math.ceil(pixels / mostParts));
  let first = 0;
  const placed = ranges.map((range) => {
    const count = Math.ceil(range.count / perPart);
    first += count;
    return { range, first: first - count, count };
  });
  const scratch = { scratch: 0 };
  return {
    calls: [
      ...placed.map(({ range, first, count }) => ({
        shader: { name: "loss/lovasz_parts", text: partShader },
        constants: {
          ...labelledConstants(problem, range),
          BUCKETS: problem.buckets,
          PARTS: count,
          FIRST_PART: first,
        },
        bindings: [...labelledBindings(problem, statistics, range), weights, scratch],
        workgroups: grid(count, 64),
        iterations: walkIterations(problem, perPart, 1),
        flops: 30 * range.count * classes,
      })),
      {
        shader: { name: "loss/sum_parts", text: sumShader },
        constants: { PARTS: first },
        bindings: [scratch, "output"],
        workgroups: [1, 1, 1],
        iterations: Math.ceil(first / 256) + 16,
      },
    ],
    scratchBytes: [first * 4],
  };
}

/** dlogits `[N, C, H, W]` from the gradient at the loss `[1]` and the weights of the errors. */
function lovaszSoftmaxGrad(outputGradient: Tensor, { statistics, weights }: Known, problem: LovaszProblem): Tensor {
  const { classes } = labelledSizes(problem);
  return new Tensor({
    op: "lovaszSoftmaxGrad",
    shape: problem.logits.shape,
    inputs: [outputGradient, statistics, weights, problem.logits, problem.labels],
    kernels: (output, device) =>
      inPixels(output, device, (range) => ({
        calls: [{
          shader: { name: "loss/lovasz_grad", text: gradientShader },
          constants: { ...labelledConstants(problem, range), BUCKETS: problem.buckets },
          bindings: [...labelledBindings(problem, statistics, range), weights, outputGradient, "output"],
          workgroups: grid(range.count, 64),
          iterations: walkIterations(problem, 1, 2),
          flops: 40 * range.count * classes,
        }],
      })),
  });
}
