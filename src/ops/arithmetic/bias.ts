/**
 * Adds one number per channel.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/bias.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { currentPath, Tensor } from "../../graph/tensor.ts";
import { channelSum } from "../reduce/channel_sum.ts";

/**
 * y[n,c,i,j] = x[n,c,i,j] + b[c]: `[N, C, H, W]` and `[C]` → `[N, C, H, W]`.
 *
 * @throws {RangeError} if `b` is not one number per channel of `x` in the layout `"channels"`.
 */
export function bias(x: Tensor, b: Tensor): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
  if (b.layout !== "channels" || b.shape.length !== 1 || b.shape[0] !== channels) {
    throw new RangeError(
      `Cannot add "${currentPath()}" (bias): input has ${channels} channels, bias is [${b.shape.join(", ")}]`,
    );
  }
  return new Tensor({
    op: "bias",
    shape: x.shape,
    inputs: [x, b],
    gradient: (outputGradient) => [() => outputGradient, () => channelSum(outputGradient)],
    kernels: () => {
      const vectors = paddedChannels(channels) / 4;
      const pixels = batch * height * width;
      return {
        calls: [{
          shader: { name: "arithmetic/bias", text: shader },
          constants: { PIXELS: pixels, VECTORS: vectors },
          bindings: [x, b, "output"],
          workgroups: grid(Math.ceil(pixels / 8) * vectors, 64),
          iterations: 0,
          flops: 4 * pixels * vectors,
        }],
      };
    },
  });
}
