/**
 * Gradient of `interpolatedCrossEntropy` at the logits.
 *
 * @module
 */

import gatherShader from "../../../shaders/loss/interpolated_cross_entropy_gather.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { inRegions, type Region } from "../../graph/slices.ts";
import { type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { rowsTouching } from "../resize/between.ts";
import {
  crossEntropyAxis,
  crossEntropyCall,
  crossEntropyDivisor,
  crossEntropyInputs,
  crossEntropySizes,
  longestRun,
} from "./cross_entropy_call.ts";
import type { CrossEntropyProblem } from "./interpolated_cross_entropy.ts";

/**
 * dlogits `[N, C, h, w]` from the gradient at the loss `[1]` and the loss's two sums (`interpolatedCrossEntropySums`).
 *
 * The gradient of each label pixel is spread over the logits that it was interpolated from. This can be done first
 * along the rows and then along the columns. The first launch recomputes the softmax of each label pixel once and
 * spreads its gradient along the row, in registers. The second launch adds these along the columns. Between them lies
 * scratch memory `[N, H, w, 2, C]`.
 */
export function interpolatedCrossEntropyGrad(
  outputGradient: Tensor,
  sums: Tensor,
  problem: CrossEntropyProblem,
): Tensor {
  return new Tensor({
    op: "interpolatedCrossEntropyGrad",
    shape: problem.logits.shape,
    inputs: [outputGradient, sums, ...crossEntropyInputs(problem)],
    kernels: (output, device) => inRegions(output, device, (region) => kernels(outputGradient, sums, problem, region)),
  });
}

/** The launches for some rows of the logits. They read the rows of labels that are interpolated from these rows. */
function kernels(outputGradient: Tensor, sums: Tensor, problem: CrossEntropyProblem, region: Region): KernelPlan {
  const { height, logitsHeight, logitsWidth, vectors } = crossEntropySizes(problem);
  const { images } = region;
  const rows = { scratch: 0 };
  const labelRows = rowsTouching(region.rows, crossEntropyAxis(problem));
  const outputVectors = images.count * region.rows.count * logitsWidth * vectors;
  const longestColumn = 2 * longestRun(logitsHeight, height);
  return {
    calls: [
      crossEntropyCall(problem, {
        region: { images, rows: labelRows },
        gradient: sums,
        rowsPerInvocation: 1,
        result: rows,
      }),
      {
        shader: { name: "loss/interpolated_cross_entropy_gather", text: gatherShader },
        constants: {
          BATCH: images.count,
          HEIGHT: height,
          LOGITS_HEIGHT: logitsHeight,
          LOGITS_WIDTH: logitsWidth,
          VECTORS: vectors,
          ALIGN_CORNERS: problem.alignCorners ?? false,
          FIRST_ROW: region.rows.first,
          ROWS: region.rows.count,
          FIRST_LABEL_ROW: labelRows.first,
          LABEL_ROWS: labelRows.count,
          IS_DIVIDED: problem.regularizer !== undefined,
          DIVISOR: crossEntropyDivisor(problem),
        },
        bindings: [rows, sums, outputGradient, "output"],
        workgroups: grid(outputVectors, 64),
        iterations: longestColumn + 8,
        flops: 2 * 4 * 2 * images.count * labelRows.count * logitsWidth * vectors * 2,
      },
    ],
    scratchBytes: [images.count * labelRows.count * logitsWidth * 2 * vectors * 16],
  };
}
