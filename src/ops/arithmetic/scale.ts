/**
 * A tensor times a number, such as a term of an objective times its weight.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/scale.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { inVectors, vectorRange } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";

/**
 * y = factor · x: any shape and layout. The factor is a constant of the shader, so each factor has a variant of its own.
 *
 * @throws {RangeError} if x is not f32, or the factor is not finite in 32 bits.
 */
export function scale(x: Tensor, factor: number): Tensor {
  if (x.dtype !== "f32") refuse("scale", `${x} is ${x.dtype}; it must be f32`);
  if (!Number.isFinite(Math.fround(factor))) refuse("scale", `the factor ${factor} is not finite in 32 bits`);
  return new Tensor({
    op: "scale",
    shape: x.shape,
    layout: x.layout,
    inputs: [x],
    gradient: (outputGradient) => [() => scale(outputGradient, factor)],
    kernels: (output, device) =>
      inVectors(output, device, (range) => ({
        calls: [{
          shader: { name: "arithmetic/scale", text: shader },
          constants: { VECTORS: range.count, FACTOR: factor },
          bindings: [vectorRange(x, range), "output"],
          workgroups: grid(range.count, 64),
          iterations: 0,
          flops: 4 * range.count,
        }],
      })),
  });
}
