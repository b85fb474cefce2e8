/**
 * A run of channels of an image: the gradient of `concat`.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/slice_channels.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { inPixels, pixelRange } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
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
  const vectors = paddedChannels(count) / 4;
  return new Tensor({
    op: "sliceChannels",
    shape: [batch, count, height, width],
    inputs: [x],
    kernels: (output, device) =>
      inPixels(output, device, (range) => ({
        calls: [{
          shader: { name: "arithmetic/slice_channels", text: shader },
          constants: {
            PIXELS: range.count,
            INPUT_VECTORS: paddedChannels(channels) / 4,
            VECTORS: vectors,
            CHANNELS: count,
            FROM: from,
          },
          bindings: [pixelRange(x, range), "output"],
          workgroups: grid(range.count * vectors, 64),
          iterations: 0,
        }],
      })),
  });
}
