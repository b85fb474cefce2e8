/**
 * Gradient of `interpolatedCrossEntropy` at the logits.
 *
 * @module
 */

import gatherShader from "../../../shaders/loss/interpolated_cross_entropy_gather.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { crossEntropyCall, crossEntropyInputs, crossEntropySizes, longestRun } from "./cross_entropy_call.ts";
import type { CrossEntropyProblem } from "./interpolated_cross_entropy.ts";

/**
 * dlogits `[N, C, h, w]` from the gradient at the loss `[1]` and the loss's sums (`interpolatedCrossEntropySums`).
 *
 * The interpolation's adjoint is separable: a first launch recomputes the softmax of each output pixel once and applies
 * the horizontal half in registers, a second gathers vertically. Between them lies a scratch of `[N, H, w, 2, C]`.
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
    kernels: () => kernels(outputGradient, sums, problem),
  });
}

function kernels(outputGradient: Tensor, sums: Tensor, problem: CrossEntropyProblem): KernelPlan {
  const { batch, height, logitsHeight, logitsWidth, vectors } = crossEntropySizes(problem);
  const rows = { scratch: 0 };
  const outputVectors = batch * logitsHeight * logitsWidth * vectors;
  const longestColumn = 2 * longestRun(logitsHeight, height);
  return {
    calls: [
      crossEntropyCall(problem, { gradient: true, rowsPerInvocation: 1, result: rows }),
      {
        shader: { name: "loss/interpolated_cross_entropy_gather", text: gatherShader },
        constants: {
          BATCH: batch,
          HEIGHT: height,
          LOGITS_HEIGHT: logitsHeight,
          LOGITS_WIDTH: logitsWidth,
          VECTORS: vectors,
          ALIGN_CORNERS: problem.alignCorners ?? false,
        },
        bindings: [rows, sums, outputGradient, "output"],
        workgroups: grid(outputVectors, 64),
        iterations: longestColumn + 8,
        flops: 2 * 4 * 2 * batch * height * logitsWidth * vectors * 2,
      },
    ],
    scratchBytes: [batch * height * logitsWidth * 2 * vectors * 16],
  };
}
