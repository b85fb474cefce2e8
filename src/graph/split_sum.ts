/**
 * Long sums in two stages: a kernel writes one partial result per split, a second launch adds them in fixed
 * order. Keeps every invocation short and the bits the same from run to run, without float atomics.
 *
 * @module
 */

import shader from "../../shaders/reduce/sum_splits.wgsl" with { type: "text" };
import workgroupShader from "../../shaders/reduce/sum_splits_workgroup.wgsl" with { type: "text" };
import { grid } from "../gpu/launch.ts";
import type { ShaderConstants } from "../gpu/shader.ts";
import type { DeviceTraits, KernelBinding, KernelCall, KernelPlan, StoredBinding } from "./tensor.ts";

/** Parts that one invocation adds on a GPU, about: each is a load that takes the time of hundreds of additions. */
const wantedPartsPerInvocation = 8;
/** Invocations of a second launch that fill a GPU; with as many values, each may add all parts of its own. */
const mostSharingInvocations = 2 ** 18;

/** What the second launch makes of the whole sums (`shaders/lib/epilogue.wgsl`). */
export interface SumEpilogue {
  /** Constants of the launch. */
  readonly constants: ShaderConstants;
  /** Its bindings `epilogue` and `residual`; what is absent is bound to `unread`. */
  readonly bindings: (unread: StoredBinding) => readonly StoredBinding[];
  /** Bytes of all results where these are a slice of them: the order of the sum is chosen by them. Default: the same. */
  readonly wholeBytes?: number;
}

/** The sums as they are. */
export const noEpilogue: SumEpilogue = { constants: {}, bindings: (unread) => [unread, unread] };

/** Invocations that keep an adapter busy; sums are split until there are as many. */
export function wantedInvocations(device: DeviceTraits): number {
  return device.software ? 4096 : 65_536;
}

/**
 * The plan of an op that computes `bytes` of output in `splits` parts.
 *
 * @param first makes the first launch or launches, whose output binding is the given one: scratch memory
 * `[splits, output]`, or the output itself when there is only one split.
 * @param epilogue of the second launch; with one split, `first` has to apply it. Default: none.
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

/** How many invocations of a GPU share the parts of a value: a power of two. */
function sharingLanes(splits: number, vectors: number): number {
  let lanes = 1;
  while (lanes < 256 && splits > lanes * wantedPartsPerInvocation && 2 * lanes * vectors <= mostSharingInvocations) {
    lanes *= 2;
  }
  return lanes;
}
