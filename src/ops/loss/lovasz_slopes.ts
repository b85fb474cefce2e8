/**
 * The Lovász-softmax and its gradient at the logits in one pass, from the weights of the errors.
 *
 * @module
 */

import shader from "../../../shaders/loss/lovasz_slopes.wgsl" with { type: "text" };
import manyShader from "../../../shaders/loss/lovasz_slopes_many.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { mostUnrolled } from "../../gpu/shader.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { inRanges, offsetAlignment, part, pixelRange, type Range } from "../../graph/slices.ts";
import { type DeviceTraits, type KernelCall, Tensor } from "../../graph/tensor.ts";
import { labelledBindings, labelledConstants, labelledSizes } from "./labelled_pixels.ts";
import { type LovaszProblem, lovaszWeights } from "./lovasz_weights.ts";

/** About the most parts of the loss. */
const mostParts = 16_384;

/** The gradient at the logits, and the loss in parts. */
export interface LovaszSlopes {
  /**
   * One tensor, plain, so that one pass makes both: first the gradient, as it lies in memory, for a gradient of 1 at the
   * loss; then the parts of the loss.
   */
  readonly slopes: Tensor;
  /** Number of parts. */
  readonly parts: number;
  /** Place of the first part. */
  readonly firstPart: number;
}

/** Computes both. Has no gradient. */
export function lovaszSlopes(problem: LovaszProblem): LovaszSlopes {
  const { values } = problem;
  const { pixels } = labelledSizes(problem);
  const perPart = Math.ceil(pixels / mostParts);
  const blocks = Math.ceil(pixels / (64 * perPart));
  const firstPart = Math.ceil(values.bytes / offsetAlignment) * offsetAlignment / 4;
  const weights = lovaszWeights(problem);
  const slopes = new Tensor({
    op: "lovaszSlopes",
    shape: [firstPart + 64 * blocks],
    layout: "plain",
    inputs: [values, problem.labels, weights],
    kernels: (output, device) => {
      const of = (range: Range): Tensor => pixelRange(part(output, values.shape, 0, "activation"), range);
      return inRanges({ count: pixels, multiple: 64 * perPart }, output, device, (range) => ({
        calls: [slopesCall({ problem, weights, perPart }, range, device, [
          of(range),
          part(output, [64 * Math.ceil(range.count / (64 * perPart))], 4 * (firstPart + range.first / perPart)),
        ])],
      }), of);
    },
  });
  return { slopes, parts: 64 * blocks, firstPart };
}

function slopesCall(
  { problem, weights, perPart }: {
    readonly problem: LovaszProblem;
    readonly weights: Tensor;
    readonly perPart: number;
  },
  range: Range,
  { software }: DeviceTraits,
  [slopes, parts]: readonly [Tensor, Tensor],
): KernelCall {
  const { classes, vectors } = labelledSizes(problem);
  const isMany = vectors > mostUnrolled;
  const count = parts.shape[0] ?? 0;
  const includes = { WEIGHTS: `lib/lovasz_weights_${software ? "texture" : "buffer"}.wgsl` };
  return {
    shader: isMany
      ? { name: "loss/lovasz_slopes_many", text: manyShader, includes }
      : { name: "loss/lovasz_slopes", text: shader, includes },
    constants: {
      ...labelledConstants(problem, range),
      BUCKETS: problem.buckets,
      PARTS: count,
      PIXELS_PER_PART: perPart,
    },
    bindings: [...labelledBindings(problem, range), software ? { texture: weights } : weights, slopes, parts],
    workgroups: grid(count, 64),
    iterations: isMany ? nestedIterations(perPart, 4 * vectors + 8) : perPart + 1,
    flops: 20 * range.count * classes,
  };
}
