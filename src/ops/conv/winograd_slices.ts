/**
 * Weight gradients by Winograd's method whose transformed tensors are more than one binding can see.
 *
 * Slices of pixels would cut the sums over tiles at other places than the whole does. The transform of the sums back
 * would enlarge the difference in rounding. So a slice has all pixels, and some input and some output channels, which
 * are copied into scratch memory. Its sums are those of the whole.
 *
 * @module
 */

import { paddedChannels } from "../../graph/layout.ts";
import { bindablePixels, joined, largestBinding, part, pixelRange, scratchTensor } from "../../graph/slices.ts";
import type { DeviceTraits, KernelCall, KernelPlan, Tensor } from "../../graph/tensor.ts";
import { copyPart } from "../arithmetic/concat.ts";
import { sliceCall } from "../arithmetic/slice_channels.ts";
import { slicePlan, tapCopies } from "./weight_slices.ts";

/**
 * Numbers of the scratch memory: the weights of some input channels; of these, the weights of some output channels; the
 * channels of x; the channels of dy.
 */
const [rowScratch, blockScratch, inputScratch, gradientScratch] = [0, 1, 2, 3];

/**
 * The launches. If those of all channels cannot be bound, they are cut into blocks of channels.
 *
 * @param plan gives the launches of a weight gradient from some channels of x and of dy.
 */
export function byChannelBlocks(
  [x, outputGradient]: readonly [Tensor, Tensor],
  result: Tensor,
  device: DeviceTraits,
  plan: (x: Tensor, outputGradient: Tensor, result: Tensor) => KernelPlan,
): KernelPlan {
  const { maxBindingBytes: limit } = device;
  const whole = plan(x, outputGradient, result);
  if (limit === undefined || largestBinding(whole, result, limit) <= limit) return whole;
  const [outputs = 1, inputs = 1, ...kernel] = result.shape;
  const blocks = (most: number): KernelPlan =>
    joined(
      channelRuns(inputs, most).map((from) => {
        const rows = scratchTensor(rowScratch, [outputs, from.count, ...kernel], "convolution");
        const some = gathered(x, from, inputScratch, limit);
        const columns = channelRuns(outputs, most).map((to) => {
          const block = scratchTensor(blockScratch, [to.count, from.count, ...kernel], "convolution");
          const ofOutput = gathered(outputGradient, to, gradientScratch, limit);
          const isLast = to.first + to.count === outputs;
          const placed = copyPart(asRows(block), to.first, outputs, isLast);
          const bindings = placed.bindings.map((binding) => binding === "output" ? rows : binding);
          return slicePlan(
            [...some.calls, ...ofOutput.calls],
            plan(some.channels, ofOutput.channels, block),
            block,
            [{ ...placed, bindings }],
          );
        });
        const { calls, ...scratch } = joined(columns);
        return { ...scratch, calls: [...calls, ...tapCopies(result, rows, from.first)] };
      }),
    );
  let vectors = paddedChannels(Math.max(inputs, outputs)) / 4;
  while (vectors > 1) {
    vectors = Math.floor(vectors / 2);
    const candidate = blocks(4 * vectors);
    if (largestBinding(candidate, result, limit) <= limit) return candidate;
  }
  return whole;
}

/** Some channels of an image, copied into scratch memory. */
function gathered(
  image: Tensor,
  { first, count }: { readonly first: number; readonly count: number },
  scratch: number,
  limit: number,
): { readonly channels: Tensor; readonly calls: readonly KernelCall[] } {
  const [batch = 1, , height = 1, width = 1] = image.shape;
  const channels = scratchTensor(scratch, [batch, count, height, width], "activation");
  const calls = bindablePixels(image, limit).map((pixels) =>
    sliceCall(pixelRange(image, pixels), { from: first, count }, pixelRange(channels, pixels))
  );
  return { channels, calls };
}

/** The weights as an image whose channels are the output channels. */
function asRows(weight: Tensor): Tensor {
  const [outputs = 1] = weight.shape;
  return part(weight, [1, outputs, 1, weight.bytes / 4 / paddedChannels(outputs)], 0, "activation");
}

function channelRuns(channels: number, most: number): { readonly first: number; readonly count: number }[] {
  return Array.from({ length: Math.ceil(channels / most) }, (_, index) => ({
    first: index * most,
    count: Math.min(most, channels - index * most),
  }));
}
