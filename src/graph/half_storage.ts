/**
 * Activations in 16 bits between the forward pass and the gradients that need them: rounded after their last use in the
 * forward pass, and made floats of 32 bits again before the first gradient. All arithmetic stays in 32 bits, and the loss is
 * the same; gradients see activations with an error of 2⁻¹¹.
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
 * Puts the roundings between the executions.
 *
 * @param loss the end of the forward pass.
 * @param outputs tensors that are read after a run, which are left alone.
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
    const wanted = uses.find((use) => use > forwardEnd);
    if (wanted === undefined) continue;
    const half = packed(tensor);
    add(after, uses.findLast((use) => use <= forwardEnd) ?? index, executionOf(half));
    add(before, wanted, { tensor, inputs: [half], kernels: (output, device) => unpack(half, output, device) });
  }
  return executions.flatMap((execution, index) => [
    ...before.get(index) ?? [],
    execution,
    ...after.get(index) ?? [],
  ]);
}

/** Where what is computed at `index` is used, before it is computed again. */
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

/** The halves of a tensor, two to a word. */
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

/** The vec4f of an activation, and at multiples of how many of them a slice may begin: where also its halves can be bound. */
function vectors(tensor: Tensor) {
  return { count: tensor.bytes / 16, multiple: 2 * offsetAlignment / 16 };
}

/** The halves of some vec4f. */
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
