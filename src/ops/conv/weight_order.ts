/**
 * Launches that store a convolution's weights in another order of its axes, for products that take them as a matrix.
 *
 * @module
 */

import byInputShader from "../../../shaders/conv/weights_by_input.wgsl" with { type: "text" };
import byOutputShader from "../../../shaders/conv/weights_by_output.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import type { KernelBinding, KernelCall, Tensor } from "../../graph/tensor.ts";

/** `[R·S, I, O]` → `[I, R·S, O]`, a matrix of inputs and the taps of outputs. */
export function weightsByInput(weight: Tensor, output: KernelBinding): KernelCall {
  const { taps, inputs, outputs } = sizes(weight);
  return {
    shader: { name: "conv/weights_by_input", text: byInputShader },
    constants: {},
    bindings: [weight, { uniform: [taps, inputs, outputs / 4] }, output],
    workgroups: grid(taps * inputs * outputs / 4, 64),
    iterations: 0,
  };
}

/** `[R·S, I, O]` → `[R·S, O, I]`: each tap's matrix transposed, as input gradients multiply by it. */
export function weightsByOutput(weight: Tensor, output: KernelBinding): KernelCall {
  const { taps, inputs, outputs } = sizes(weight);
  return {
    shader: { name: "conv/weights_by_output", text: byOutputShader },
    constants: {},
    bindings: [weight, { uniform: [taps, outputs, inputs / 4] }, output],
    workgroups: grid(taps * outputs * inputs / 4, 64),
    iterations: 0,
  };
}

/** Taps, and channels as they are stored. */
function sizes(weight: Tensor) {
  const [outputs = 1, inputs = 1, kernelHeight = 1, kernelWidth = 1] = weight.shape;
  return { taps: kernelHeight * kernelWidth, inputs: paddedChannels(inputs), outputs: paddedChannels(outputs) };
}
