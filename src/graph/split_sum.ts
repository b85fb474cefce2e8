/**
 * Long sums in two stages. A first kernel writes one partial result per split. A second launch adds these in a fixed
 * order. So every invocation is short and the result has the same bits in every run, without float atomics.
 *
 * @module
 */

import shader from "../../shaders/reduce/sum_splits.wgsl" with { type: "text" };
import workgroupShader from "../../shaders/reduce/sum_splits_workgroup.wgsl" with { type: "text" };
import { grid } from "../gpu/launch.ts";
import type { ShaderConstants } from "../gpu/shader.ts";
import type { DeviceTraits, KernelBinding, KernelCall, KernelPlan, StoredBinding } from "./tensor.ts";

/**
 * About how many parts one invocation adds on a GPU. Each part is a load, which takes as long as hundreds of additions.
 */
const wantedPartsPerInvocation = 8;
/**
 * As many invocations of the second launch fill a GPU. If there are as many values, each invocation adds all parts of
 * one value.
 */
const mostSharingInvocations = 2 ** 18;

/** What the second launch does with the sums before it writes them (`shaders/lib/epilogue.wgsl`). */
export interface SumEpilogue {
  /** Constants of the launch. */
  readonly constants: ShaderConstants;
  /** Its bindings `epilogue` and `residual`. A binding that is not needed is bound to `unread`. */
  readonly bindings: (unread: StoredBinding) => readonly StoredBinding[];
  /**
   * Bytes of the whole result, if this is a slice of it. The order of the sum depends on them. Default: the result is
   * whole.
   */
  readonly wholeBytes?: number;
}

/** No epilogue: the sums are written as they are. */
export const noEpilogue: SumEpilogue = { constants: {}, bindings: (unread) => [unread, unread] };

/** The number of invocations that keep an adapter busy. Sums are split until there are this many. */
export function wantedInvocations(device: DeviceTraits): number {
  return device.software ? 4096 : 65_536;
}

/**
 * The plan of an op that computes `bytes` bytes of output by sums in `splits` parts.
 *
 * @param first makes the first launch or launches. They write to the binding that it is given: scratch memory `[splits,
 * output]`, or the output itself if there is only one split.
 * @param epilogue what the second launch applies. With one split there is no second launch, and `first` has to apply
 * it. Default: nothing.
 */
export function splitSum(
  splits: number,
  bytes: number,
  device: DeviceTraits,
  first: (output: KernelBinding) => KernelCall | readonly KernelCall[],
  epilogue: SumEpilogue = noEpilogue,
): KernelPlan {
  if (splits === 1) return { calls: [first("output")].flat() };
  const vectors = Math.ceil(bytes / 16);
  const scratch = { scratch: 0 };
  const lanes = device.software ? 1 : sharingLanes(splits, Math.ceil((epilogue.wholeBytes ?? bytes) / 16));
  const second: KernelCall = {
    ...lanes === 1
      ? {
        shader: { name: "reduce/sum_splits", text: shader },
        constants: epilogue.constants,
        workgroups: grid(vectors, 64),
      }
      : {
        shader: { name: "reduce/sum_splits_workgroup", text: workgroupShader },
        constants: { LANES: lanes, ...epilogue.constants },
        workgroups: [Math.ceil(vectors * lanes / 256), 1, 1],
      },
    bindings: [scratch, ...epilogue.bindings(scratch), "output"],
    iterations: splits,
    flops: splits * vectors * 4,
  };
  return { calls: [first(scratch), second].flat(), scratchBytes: [splits * vectors * 16] };
}

/** How many invocations of a GPU share the parts of one value: a power of two. */
function sharingLanes(splits: number, vectors: number): number {
  let lanes = 1;
  while (lanes < 256 && splits > lanes * wantedPartsPerInvocation && 2 * lanes * vectors <= mostSharingInvocations) {
    lanes *= 2;
  }
  return lanes;
}
