/**
 * Lovász-softmax (Berman, Triki and Blaschko, CVPR 2018): a loss that follows the mean IoU of the classes.
 *
 * @module
 */

import gradientShader from "../../../shaders/loss/lovasz_grad.wgsl" with { type: "text" };
import sumShader from "../../../shaders/loss/sum_parts.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { inVectors, part } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { scoredPixels } from "./labelled_pixels.ts";
import { lovaszSlopes } from "./lovasz_slopes.ts";

/** Buckets of the errors, unless another number is given. */
const defaultBuckets = 65_536;

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
  const { slopes, parts, firstPart } = lovaszSlopes({
    ...scoredPixels("lovaszSoftmax", logits, labels, options),
    buckets,
  });
  return new Tensor({
    op: "lovaszSoftmax",
    shape: [1],
    layout: "plain",
    inputs: [logits, slopes],
    gradient: (outputGradient) => [() => lovaszSoftmaxGrad(outputGradient, slopes, logits.shape), null],
    kernels: () => ({
      calls: [{
        shader: { name: "loss/sum_parts", text: sumShader },
        constants: { PARTS: parts },
        bindings: [part(slopes, [parts], 4 * firstPart), "output"],
        workgroups: [1, 1, 1],
        iterations: Math.ceil(parts / 256) + 16,
      }],
    }),
  });
}

/** The gradient at the logits, from that at the loss `[1]`. */
function lovaszSoftmaxGrad(outputGradient: Tensor, slopes: Tensor, shape: readonly number[]): Tensor {
  return new Tensor({
    op: "lovaszSoftmaxGrad",
    shape,
    inputs: [outputGradient, slopes],
    kernels: (output, device) =>
      inVectors(output, device, ({ first, count }) => ({
        calls: [{
          shader: { name: "loss/lovasz_grad", text: gradientShader },
          constants: { VECTORS: count },
          bindings: [part(slopes, [4 * count], 16 * first), outputGradient, "output"],
          workgroups: grid(count, 64),
          iterations: 0,
          flops: 4 * count,
        }],
      })),
  });
}
