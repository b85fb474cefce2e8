/**
 * Sums over many pixels in two stages: a kernel writes one partial result per split, a second launch adds them in fixed
 * order. Keeps every invocation short and the bits the same from run to run, without float atomics.
 *
 * @module
 */

import shader from "../../shaders/reduce/sum_splits.wgsl" with { type: "text" };
import { grid } from "../gpu/launch.ts";
import type { KernelCall, KernelPlan } from "./tensor.ts";

/**
 * The plan of an op that computes `bytes` of output in `splits` parts.
 *
 * @param first makes the first launch, whose output binding is the given one: scratch memory
 * `[splits, output]`, or the output itself when there is only one split.
 */
export function splitSum(
  splits: number,
  bytes: number,
  first: (output: KernelCall["bindings"][number]) => KernelCall,
): KernelPlan {
  if (splits === 1) return { calls: [first("output")] };
  const vectors = Math.ceil(bytes / 16);
  const scratch = { scratch: 0 };
  const second: KernelCall = {
    shader: { name: "reduce/sum_splits", text: shader },
    constants: { SPLITS: splits, VECTORS: vectors },
    bindings: [scratch, "output"],
    workgroups: grid(vectors, 64),
    iterations: splits,
    flops: splits * vectors * 4,
  };
  return { calls: [first(scratch), second], scratchBytes: [splits * vectors * 16] };
}
