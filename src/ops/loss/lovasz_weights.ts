/**
 * The weights of the errors in the Lovász-softmax, without a sort: from histograms of the errors.
 *
 * @module
 */

import clearShader from "../../../shaders/loss/lovasz_clear.wgsl" with { type: "text" };
import histogramShader from "../../../shaders/loss/lovasz_histogram.wgsl" with { type: "text" };
import manyShader from "../../../shaders/loss/lovasz_histogram_many.wgsl" with { type: "text" };
import runShader from "../../../shaders/loss/lovasz_run_counts.wgsl" with { type: "text" };
import weightShader from "../../../shaders/loss/lovasz_weights.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { mostUnrolled } from "../../gpu/shader.ts";
import { bindablePixels } from "../../graph/slices.ts";
import { type DeviceTraits, type KernelBinding, type KernelCall, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { labelledBindings, labelledConstants, labelledSizes, type ScoredPixels } from "./labelled_pixels.ts";

/** The most runs into which the buckets of a class are cut. */
const mostRuns = 256;

/** Logits and labels, and how finely the errors are told apart. */
export interface LovaszProblem extends ScoredPixels {
  /** Number of buckets of the errors between 0 and 1; a power of two. */
  readonly buckets: number;
}

/**
 * For each class and bucket of the error the weight of a background pixel there, then those of foreground pixels → `[2, C,
 * buckets]`, plain. The counts are whole numbers, so that their order does not matter. Has no gradient.
 */
export function lovaszWeights(problem: LovaszProblem): Tensor {
  const { classes } = labelledSizes(problem);
  return new Tensor({
    op: "lovaszWeights",
    shape: [2, classes, problem.buckets],
    layout: "plain",
    inputs: [problem.values, problem.labels],
    kernels: (_output, device) => kernels(problem, device),
  });
}

/** The counts, then in their place the weights. */
function kernels(problem: LovaszProblem, device: DeviceTraits): KernelPlan {
  const { buckets, values } = problem;
  const { classes, pixels, vectors } = labelledSizes(problem);
  const runs = Math.min(mostRuns, buckets);
  const length = buckets / runs;
  const [runCounts, classCounts] = [{ scratch: 0 }, { scratch: 1 }];
  const ranges = device.maxBindingBytes === undefined
    ? [{ first: 0, count: pixels }]
    : bindablePixels(values, device.maxBindingBytes);
  const words = Math.ceil(classes * buckets * 2 / 4);
  return {
    calls: [
      {
        shader: { name: "loss/lovasz_clear", text: clearShader },
        constants: { VECTORS: words },
        bindings: ["output"],
        workgroups: grid(words, 64),
        iterations: 0,
      },
      ...ranges.map((range): KernelCall => ({
        shader: vectors <= mostUnrolled
          ? { name: "loss/lovasz_histogram", text: histogramShader }
          : { name: "loss/lovasz_histogram_many", text: manyShader },
        constants: { ...labelledConstants(problem, range), BUCKETS: buckets },
        bindings: [...labelledBindings(problem, range), "output"],
        workgroups: grid(range.count, 64),
        iterations: 3 * (vectors + 1),
        flops: 10 * range.count * classes,
      })),
      sumRuns("output", runCounts, { runs: 2 * classes * runs, length }),
      sumRuns(runCounts, classCounts, { runs: 2 * classes, length: runs }),
      {
        shader: { name: "loss/lovasz_weights", text: weightShader },
        constants: { CLASSES: classes, RUNS: runs, LENGTH: length },
        bindings: ["output", runCounts, classCounts],
        workgroups: grid(classes * runs, 64),
        iterations: classes + runs + length + 8,
        flops: 14 * classes * buckets,
      },
    ],
    scratchBytes: [classes * runs * 8, classes * 8],
  };
}

/** Adds runs of `length` counts. */
function sumRuns(
  counts: KernelBinding,
  sums: KernelBinding,
  { runs, length }: { readonly runs: number; readonly length: number },
): KernelCall {
  return {
    shader: { name: "loss/lovasz_run_counts", text: runShader },
    constants: { ALL_RUNS: runs, LENGTH: length },
    bindings: [counts, sums],
    workgroups: grid(runs, 64),
    iterations: length + 1,
  };
}
