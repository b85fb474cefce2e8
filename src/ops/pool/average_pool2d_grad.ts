/**
 * Gradient of `averagePool2d` at its input.
 *
 * @module
 */

import shader from "../../../shaders/pool/average_pool2d_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { taps } from "../conv/geometry.ts";
import { inputSlice } from "../conv/slices.ts";
import { averageConstants, type PoolGeometry, windowsPerPixel } from "./geometry.ts";

/** dx of the given shape `[N, C, H, W]` from dy `[N, C, Ho, Wo]`. */
export function averagePool2dGrad(
  outputGradient: Tensor,
  options: { readonly geometry: PoolGeometry; readonly countPadding: boolean; readonly shape: readonly number[] },
): Tensor {
  const { geometry, countPadding, shape } = options;
  const vectors = paddedChannels(shape[1] ?? 1) / 4;
  return new Tensor({
    op: "averagePool2dGrad",
    shape,
    inputs: [outputGradient],
    kernels: (output, device) =>
      inRegions(output, device, ({ images, rows }) => {
        const { source } = inputSlice(geometry, { images, rows });
        return {
          calls: [{
            shader: { name: "pool/average_pool2d_grad", text: shader },
            constants: {
              ...averageConstants({ ...geometry, batch: images.count }, vectors, countPadding),
              FIRST_ROW: rows.first,
              ROWS: rows.count,
              FIRST_WINDOW: source.rows.first,
              WINDOWS: source.rows.count,
            },
            bindings: [imageRows(outputGradient, source), "output"],
            workgroups: grid(images.count * rows.count * geometry.width * vectors, 64),
            iterations: nestedIterations(...windowsPerPixel(geometry)),
            flops: 4 * images.count * source.rows.count * geometry.outputWidth * vectors * taps(geometry),
          }],
        };
      }),
  });
}
