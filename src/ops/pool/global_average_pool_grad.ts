/**
 * Gradient of `globalAveragePool` at its input.
 *
 * @module
 */

import shader from "../../../shaders/pool/global_average_pool_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";

/** dx[n,c,i,j] = dy[n,c] / (H·W): `[N, C, 1, 1]` → `[N, C, height, width]`. */
export function globalAveragePoolGrad(
  outputGradient: Tensor,
  options: { readonly height: number; readonly width: number },
): Tensor {
  const { height, width } = options;
  const [batch = 1, channels = 1] = outputGradient.shape;
  const vectors = paddedChannels(channels) / 4;
  return new Tensor({
    op: "globalAveragePoolGrad",
    shape: [batch, channels, height, width],
    inputs: [outputGradient],
    kernels: (output, device) =>
      inRegions(output, device, ({ images, rows }) => {
        const pixels = rows.count * width;
        return {
          calls: [{
            shader: { name: "pool/global_average_pool_grad", text: shader },
            constants: { BATCH: images.count, PIXELS: pixels, VECTORS: vectors, IMAGE_PIXELS: height * width },
            bindings: [imageRows(outputGradient, { images, rows: { first: 0, count: 1 } }), "output"],
            workgroups: grid(images.count * Math.ceil(pixels / 8) * vectors, 64),
            iterations: 0,
            flops: 4 * images.count * vectors,
          }],
        };
      }),
  });
}
