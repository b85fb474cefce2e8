/**
 * A run of channels of an image: the gradient of `concat`.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/slice_channels.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
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
  return new Tensor({
    op: "sliceChannels",
    shape: [batch, count, height, width],
    inputs: [x],
    kernels: () => {
      const vectors = paddedChannels(count) / 4;
      const pixels = batch * height * width;
      return {
        calls: [{
          shader: { name: "arithmetic/slice_channels", text: shader },
          constants: {
            PIXELS: pixels,
            INPUT_VECTORS: paddedChannels(channels) / 4,
            VECTORS: vectors,
            CHANNELS: count,
            FROM: from,
          },
          bindings: [x, "output"],
          workgroups: grid(pixels * vectors, 64),
          iterations: 0,
        }],
      };
    },
  });
}
