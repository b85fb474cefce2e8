/**
 * Launches that copy a convolution's weights with their axes in another order, so that products can take them as a
 * matrix.
 *
 * @module
 */

import shader from "../../../shaders/conv/reorder_weights.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import type { KernelBinding, KernelCall, StoredBinding, Tensor } from "../../graph/tensor.ts";

/**
 * `[R·S, I, O]` → `[I, R·S, O]`: a matrix whose rows are the inputs and whose columns are the taps of the outputs.
 */
export function weightsByInput(weight: Tensor, output: KernelBinding): KernelCall {
  const { taps, inputs, outputs } = axes(weight);
  return reordered(weight, [inputs, taps, outputs], output);
}

/** `[R·S, I, O]` → `[R·S, O, I]`: each tap's matrix transposed, as input gradients need it. */
export function weightsByOutput(weight: Tensor, output: KernelBinding): KernelCall {
  const { taps, inputs, outputs } = axes(weight);
  return reordered(weight, [taps, outputs, inputs], output);
}

/** An axis: its length as it is stored, and the distance in elements from one place to the next. */
export interface Axis {
  readonly length: number;
  readonly step: number;
}

function axes(weight: Tensor): Record<"taps" | "inputs" | "outputs", Axis> {
  const [outputs = 1, inputs = 1, kernelHeight = 1, kernelWidth = 1] = weight.shape;
  const [length, width] = [paddedChannels(inputs), paddedChannels(outputs)];
  return {
    taps: { length: kernelHeight * kernelWidth, step: length * width },
    inputs: { length, step: width },
    outputs: { length: width, step: 1 },
  };
}

/** The launch that copies a block, whose first element is given, with its axes in this order; the last is padded. */
export function reordered(
  weight: StoredBinding,
  [a, b, c]: readonly [Axis, Axis, Axis],
  output: KernelBinding,
  first = 0,
): KernelCall {
  const vectors = c.length / 4;
  return {
    shader: { name: "conv/reorder_weights", text: shader },
    constants: {},
    bindings: [weight, { uniform: [a.length, b.length, vectors, a.step, b.step, c.step, first] }, output],
    workgroups: grid(a.length * b.length * vectors, 64),
    iterations: 0,
  };
}
