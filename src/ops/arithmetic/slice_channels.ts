/**
 * A run of channels of an image: the gradient of `concat`.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/slice_channels.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { inPixels, pixelRange } from "../../graph/slices.ts";
import { type KernelBinding, type KernelCall, Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";

/**
 * y[n,c,i,j] = x[n, from + c, i, j] for c < count: `[N, C, H, W]` → `[N, count, H, W]`. Has no gradient.
 *
 * @throws {RangeError} if `x` has no such channels.
 */
export function sliceChannels(x: Tensor, options: { readonly from: number; readonly count: number }): Tensor {
  const { from, count } = options;
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  if (x.layout !== "activation" || from < 0 || count < 1 || from + count > channels) {
    refuse("sliceChannels", `${x} has no ${count} channels from number ${from}`);
  }
  return new Tensor({
    op: "sliceChannels",
    shape: [batch, count, height, width],
    inputs: [x],
    kernels: (output, device) =>
      inPixels(output, device, (range) => ({ calls: [sliceCall(pixelRange(x, range), options, "output")] })),
  });
}

/** The launch that copies a run of channels. */
export function sliceCall(
  x: Tensor,
  { from, count }: { readonly from: number; readonly count: number },
  output: KernelBinding,
): KernelCall {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  const [pixels, vectors] = [batch * height * width, paddedChannels(count) / 4];
  return {
    shader: { name: "arithmetic/slice_channels", text: shader },
    constants: {
      PIXELS: pixels,
      INPUT_VECTORS: paddedChannels(channels) / 4,
      VECTORS: vectors,
      CHANNELS: count,
      FROM: from,
    },
    bindings: [x, output],
    workgroups: grid(pixels * vectors, 64),
    iterations: 0,
  };
}
