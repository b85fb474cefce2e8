/**
 * Parts of tensors that lie where no binding can begin. Images of odd sizes do: a binding begins at a multiple of 256 bytes.
 *
 * @module
 */

import { offsetAlignment, storedBindingBytes } from "./slices.ts";
import { type KernelBinding, type KernelPlan, type StoredBinding, Tensor } from "./tensor.ts";

/**
 * The launches of a plan with scratch memory bound in place of the parts that lie where no binding can begin. Those are copied
 * there before the launch and, where it may write them, back afterwards. Textures are copied from any offset.
 */
export function stageParts(plan: KernelPlan, output: Tensor): KernelPlan {
  const scratchBytes = [...plan.scratchBytes ?? []];
  const firstStaged = scratchBytes.length;
  const calls = plan.calls.map((call) => {
    const staged = unalignedParts(call.bindings).map((part, index) => {
      const scratch = firstStaged + index;
      const bytes = storedBindingBytes(part, plan);
      scratchBytes[scratch] = Math.max(scratchBytes[scratch] ?? 0, bytes);
      const { leaf } = part instanceof Tensor ? part.definition : {};
      const of = leaf?.kind === "part" ? leaf.of : undefined;
      const isScratch = of === undefined || of.definition.leaf?.kind === "scratch";
      return { part, scratch, bytes, isWritten: isScratch || of === output };
    });
    if (staged.length === 0) return call;
    const bindings = call.bindings.map((binding) => {
      const found = staged.find(({ part }) => part === binding);
      return found === undefined ? binding : { scratch: found.scratch, part: { offset: 0, bytes: found.bytes } };
    });
    return { ...call, bindings, staged };
  });
  return { calls, scratchBytes };
}

/** What is bound at an offset at which no binding can begin, each once. */
function unalignedParts(bindings: readonly KernelBinding[]): StoredBinding[] {
  const parts = bindings.filter((binding): binding is StoredBinding => {
    if (typeof binding !== "object" || "uniform" in binding || "texture" in binding) return false;
    return partOffset(binding) % offsetAlignment !== 0;
  });
  return [...new Set(parts)];
}

function partOffset(binding: StoredBinding): number {
  if (!(binding instanceof Tensor)) return binding.part?.offset ?? 0;
  const { leaf } = binding.definition;
  return leaf?.kind === "part" ? leaf.offset : 0;
}
