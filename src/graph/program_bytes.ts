/**
 * The memory of a compiled program on the GPU, known before it is compiled.
 *
 * @module
 */

import { bufferBytes, type Gpu, textureBytes } from "../gpu/gpu.ts";
import { textureCount } from "./operand_textures.ts";
import { planProgram, type ProgramDefinition } from "./program_plan.ts";

/** Bytes that `Program.compile` allocates: slots, inputs, uniforms that hold sizes, and textures. */
export function programBytes(gpu: Gpu, definition: ProgramDefinition): number {
  const plan = planProgram(gpu, definition);
  const inputs = plan.tensors.filter(({ definition: { leaf } }) => leaf?.kind === "input").map(({ bytes }) => bytes);
  const uniforms = plan.steps.flatMap(({ plan: { calls } }) =>
    calls.flatMap(({ bindings }) =>
      bindings.flatMap((binding) =>
        typeof binding === "object" && "uniform" in binding ? [binding.uniform.length * 4] : []
      )
    )
  );
  const textures = plan.textureBytes > 0 ? textureCount * textureBytes(plan.textureBytes) : 0;
  return [...plan.slotBytes, ...inputs, ...uniforms].reduce((sum, bytes) => sum + bufferBytes(bytes), textures);
}
