/**
 * Sum of two tensors of one shape. It does not broadcast; a bias is added by the epilogue of `conv2d`.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/add.wgsl" with { type: "text" };
import addToShader from "../../../shaders/arithmetic/add_to.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { inVectors, vectorRange } from "../../graph/slices.ts";
import { type KernelBinding, type KernelCall, type StoredBinding, Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";

/**
 * y = a + b, element by element; all three have one shape.
 *
 * @throws {RangeError} if the shapes or layouts differ.
 */
export function add(a: Tensor, b: Tensor): Tensor {
  if (a.shape.join() !== b.shape.join()) refuse("add", `the shapes differ: ${a}, ${b}`);
  if (a.layout !== b.layout) {
    refuse("add", `the layouts differ: ${a} has "${a.layout}", ${b} has "${b.layout}"`);
  }
  return new Tensor({
    op: "add",
    shape: a.shape,
    layout: a.layout,
    inputs: [a, b],
    gradient: (outputGradient) => [() => outputGradient, () => outputGradient],
    kernels: (output, device) =>
      inVectors(output, device, (range) => ({
        calls: [addCall(vectorRange(a, range), vectorRange(b, range), range.count, "output")],
      })),
    inPlace: {
      of: a,
      kernels: (output, device) =>
        inVectors(output, device, ({ first, count }) => ({
          calls: [{
            shader: { name: "arithmetic/add_to", text: addToShader },
            constants: { VECTORS: count },
            bindings: [vectorRange(b, { first, count }), "output"],
            workgroups: grid(count, 64),
            iterations: 0,
            flops: 4 * count,
          }],
        })),
    },
  });
}

/** The launch that adds `vectors` vec4f. */
export function addCall(a: StoredBinding, b: StoredBinding, vectors: number, sum: KernelBinding): KernelCall {
  return {
    shader: { name: "arithmetic/add", text: shader },
    constants: { VECTORS: vectors },
    bindings: [a, b, sum],
    workgroups: grid(vectors, 64),
    iterations: 0,
    flops: 4 * vectors,
  };
}
