/**
 * The part of a convolution's weight that some of its inputs meet. A convolution of joined images is the sum of the
 * convolutions of each by its own part.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/crop.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";

/**
 * y[o,i,r,s] = w[o, from + i, r, s] for i < count: `[O, I, R, S]` → `[O, count, R, S]`, both of layout `"convolution"`.
 * Its gradient is that of the part, and 0 for all other inputs.
 *
 * @throws {RangeError} if the weight has no such inputs, or they begin or end at no multiple of 4 where the weight goes
 * on.
 */
export function weightInputs(
  weight: Tensor,
  { from, count }: { readonly from: number; readonly count: number },
): Tensor {
  const inputs = weight.shape[1] ?? 1;
  const end = from + count;
  const isPart = Number.isInteger(from) && Number.isInteger(count) && from >= 0 && count >= 1 && end <= inputs;
  if (weight.layout !== "convolution" || !isPart || from % 4 !== 0 || (end % 4 !== 0 && end !== inputs)) {
    refuse("weightInputs", `${weight} of layout ${weight.layout} has no part of ${count} inputs from number ${from}`);
  }
  return window(
    "weightInputs",
    weight,
    { from, count },
    (outputGradient) => window("weightInputsGrad", outputGradient, { from: -from, count: inputs }),
  );
}

/** The inputs from number `from` on, and 0 where there are none. */
function window(
  op: string,
  x: Tensor,
  { from, count }: { readonly from: number; readonly count: number },
  gradient?: (outputGradient: Tensor) => Tensor,
): Tensor {
  const [outputs = 1, inputs = 1, height = 1, width = 1] = x.shape;
  return new Tensor({
    op,
    shape: [outputs, count, height, width],
    layout: "convolution",
    inputs: [x],
    ...(gradient === undefined ? {} : { gradient: (outputGradient: Tensor) => [() => gradient(outputGradient)] }),
    kernels: () => {
      const [taps, vectors] = [height * width, paddedChannels(outputs) / 4];
      return {
        calls: [{
          shader: { name: "arithmetic/crop", text: shader },
          constants: {
            ...{ BATCH: taps, HEIGHT: paddedChannels(inputs), WIDTH: 1, VECTORS: vectors },
            ...{ ROWS: paddedChannels(count), COLUMNS: 1, TOP: from >>> 0, LEFT: 0 },
          },
          bindings: [x, "output"],
          workgroups: grid(taps * paddedChannels(count) * vectors, 64),
          iterations: 0,
        }],
      };
    },
  });
}
