/**
 * One row of a matrix of channels, as a tensor of its own.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/row.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";

/**
 * y[c] = x[index, c]: `[K, C]` → `[C]`, both of layout `"channels"`. Has no gradient.
 *
 * @throws {RangeError} if `x` is not a `[K, C]` tensor of channels or has no such row.
 */
export function row(x: Tensor, index: number): Tensor {
  const [rows = 1, channels = 1] = x.shape;
  if (x.layout !== "channels" || x.shape.length !== 2 || !Number.isInteger(index) || index < 0 || index >= rows) {
    refuse("row", `${x} of layout ${x.layout} has no row ${index}`);
  }
  return new Tensor({
    op: "row",
    shape: [channels],
    layout: "channels",
    inputs: [x],
    kernels: () => {
      const vectors = paddedChannels(channels) / 4;
      return {
        calls: [{
          shader: { name: "arithmetic/row", text: shader },
          constants: { INDEX: index },
          bindings: [x, "output"],
          workgroups: grid(vectors, 64),
          iterations: 0,
        }],
      };
    },
  });
}
