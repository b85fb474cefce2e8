/**
 * Sum of two tensors of one shape. Not a broadcasting add: a bias is an epilogue of `conv2d`.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/add.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { Tensor } from "../../graph/tensor.ts";
import { storedElements } from "../../graph/layout.ts";
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
    kernels: (output) => {
      const vectors = Math.ceil(storedElements(output.shape, output.layout) / 4);
      return {
        calls: [{
          shader: { name: "arithmetic/add", text: shader },
          constants: { VECTORS: vectors },
          bindings: [a, b, "output"],
          workgroups: grid(vectors, 64),
          iterations: 0,
          flops: 4 * vectors,
        }],
      };
    },
  });
}
