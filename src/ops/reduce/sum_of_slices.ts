/**
 * Sums over images and rows whose tensors are too large to be bound at once. Each slice is summed by itself. The
 * results are added in the order of the slices, so that every run gives the same bits.
 *
 * @module
 */

import { joined, type Region, sumInRegions, withOutput } from "../../graph/slices.ts";
import type { DeviceTraits, KernelPlan, Tensor } from "../../graph/tensor.ts";
import { addCall } from "../arithmetic/add.ts";
import type { ConvolutionGeometry } from "../conv/geometry.ts";

/**
 * The launches of a sum over a convolution's output pixels.
 *
 * @param plan gives the launches that sum over a region of the output.
 */
export function sumOfRegions(
  { batch, outputHeight }: Pick<ConvolutionGeometry, "batch" | "outputHeight">,
  output: Tensor,
  device: DeviceTraits,
  plan: (region: Region) => KernelPlan,
): KernelPlan {
  return sumInRegions({ batch, height: outputHeight }, output, device, plan, (plans) => sumOfPlans(plans, output));
}

/**
 * The sum of what the plans compute. The running sum alternates between two pieces of scratch memory, as no launch can
 * read and write the same one.
 */
function sumOfPlans(plans: readonly KernelPlan[], output: Tensor): KernelPlan {
  const own = joined(plans).scratchBytes ?? [];
  const { bytes } = output;
  const scratch = (index: number) => ({ scratch: own.length + index, part: { offset: 0, bytes } });
  const sumAfter = (index: number) => scratch(index % 2);
  const calls = plans.flatMap((plan, index) => {
    if (index === 0) return joined([withOutput(plan, sumAfter(0))]).calls;
    const target = index === plans.length - 1 ? "output" as const : sumAfter(index);
    return [
      ...joined([withOutput(plan, scratch(2))]).calls,
      addCall(sumAfter(index - 1), scratch(2), Math.ceil(bytes / 16), target),
    ];
  });
  return { calls, scratchBytes: [...own, bytes, bytes, bytes] };
}
