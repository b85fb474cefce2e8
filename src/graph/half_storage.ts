/**
 * Keeps activations in 16 bits between the forward pass and the gradients that need them. An activation is rounded to
 * 16 bits after its last use in the forward pass. Before the first gradient that needs it, it is converted back to 32
 * bits. All arithmetic stays in 32 bits, and the loss does not change. Gradients see activations with a relative error
 * of up to 2⁻¹¹.
 *
 * @module
 */

import packShader from "../../shaders/storage/pack_half.wgsl" with { type: "text" };
import unpackShader from "../../shaders/storage/unpack_half.wgsl" with { type: "text" };
import { grid } from "../gpu/launch.ts";
import type { Execution } from "./execution_order.ts";
import { inRanges, offsetAlignment, part, type Range, vectorRange } from "./slices.ts";
import { type DeviceTraits, type KernelBinding, type KernelPlan, Tensor } from "./tensor.ts";

/**
 * Where so many computations do not use an activation of 32 bits, its memory is free for others until it is converted once
 * more.
 */
const leastPause = 5;

/**
 * Inserts the conversions to 16 bits and back among the computations.
 *
 * @param loss the end of the forward pass.
 * @param outputs tensors that are read after a run, which are not converted.
 */
export function storeHalf(
  executions: readonly Execution[],
  loss: Tensor,
  outputs: ReadonlySet<Tensor>,
): Execution[] {
  const forwardEnd = executions.findIndex(({ tensor }) => tensor === loss);
  const before = new Map<number, Execution[]>();
  const after = new Map<number, Execution[]>();
  const add = (map: Map<number, Execution[]>, at: number, execution: Execution) =>
    map.set(at, [...map.get(at) ?? [], execution]);
  for (const [index, { tensor, kernels }] of executions.slice(0, forwardEnd).entries()) {
    const { dtype, layout } = tensor;
    if (kernels === undefined || dtype !== "f32" || layout !== "activation" || outputs.has(tensor)) continue;
    const uses = usesOf(executions, index);
    const wanted = uses.filter((use) => use > forwardEnd);
    if (wanted.length === 0) continue;
    const half = packed(tensor);
    add(after, index, executionOf(half));
    for (const [place, use] of wanted.entries()) {
      if (use - (wanted[place - 1] ?? -Infinity) < leastPause) continue;
      add(before, use, { tensor, inputs: [half], kernels: (output, device) => unpack(half, output, device) });
    }
  }
  return executions.flatMap((execution, index) => [
    ...before.get(index) ?? [],
    execution,
    ...after.get(index) ?? [],
  ]);
}

/** The computations that use what the one at `index` computes, up to the next computation of the same tensor. */
function usesOf(executions: readonly Execution[], index: number): number[] {
  const tensor = executions[index]?.tensor;
  const uses: number[] = [];
  for (let at = index + 1; at < executions.length; at++) {
    const execution = executions[at];
    if (tensor === undefined || execution === undefined) break;
    if (execution.inputs.includes(tensor)) uses.push(at);
    if (execution.tensor === tensor) break;
  }
  return uses;
}

function executionOf(tensor: Tensor): Execution {
  return { tensor, inputs: tensor.inputs, kernels: tensor.definition.kernels };
}

/** A tensor converted to 16 bits, two values in each 4-byte word. */
function packed(tensor: Tensor): Tensor {
  return new Tensor({
    op: "packHalf",
    shape: [tensor.bytes / 8],
    dtype: "u32",
    layout: "plain",
    inputs: [tensor],
    kernels: (output, device) =>
      inRanges(
        vectors(tensor),
        output,
        device,
        (range) => plan("storage/pack_half", packShader, [vectorRange(tensor, range), "output"], range.count),
        (range) => halves(output, range),
      ),
  });
}

function unpack(half: Tensor, output: Tensor, device: DeviceTraits): KernelPlan {
  return inRanges(
    vectors(output),
    output,
    device,
    (range) => plan("storage/unpack_half", unpackShader, [halves(half, range), "output"], range.count),
    (range) => vectorRange(output, range),
  );
}

/**
 * Number of vec4f in an activation, and the multiple of vec4f at which a slice may begin. At such a place the 16-bit
 * values, too, lie at an offset that can be bound.
 */
function vectors(tensor: Tensor) {
  return { count: tensor.bytes / 16, multiple: 2 * offsetAlignment / 16 };
}

/** The 16-bit values of some vec4f. */
function halves(half: Tensor, { first, count }: Range): Tensor {
  return 2 * count === half.shape[0] ? half : part(half, [2 * count], first * 8);
}

function plan(name: string, text: string, bindings: readonly KernelBinding[], vectors: number): KernelPlan {
  return {
    calls: [{
      shader: { name, text },
      constants: { VECTORS: vectors },
      bindings,
      workgroups: grid(vectors, 64),
      iterations: 0,
    }],
  };
}
