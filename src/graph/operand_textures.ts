/**
 * The textures of a program. They hold copies of what kernels read, on adapters where a load from a texture is faster
 * than one from a buffer.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange, TextureCopy } from "../gpu/launch.ts";
import { storedBindingBytes } from "./slices.ts";
import { type KernelCall, type KernelPlan, type StoredBinding, Tensor } from "./tensor.ts";

/** The number of operands that one launch may read from textures. */
export const textureCount = 2;

/** The operands that a launch reads from textures. */
export function textureOperands(call: KernelCall): StoredBinding[] {
  return call.bindings.flatMap((binding) =>
    typeof binding === "object" && "texture" in binding ? [binding.texture] : []
  );
}

/** Bytes that each texture must hold for these plans; 0 if none reads from textures. */
export function operandTextureBytes(plans: readonly KernelPlan[]): number {
  const sizes = plans.flatMap((plan) =>
    plan.calls.flatMap(textureOperands).map((operand) => storedBindingBytes(operand, plan))
  );
  return sizes.reduce((most, bytes) => Math.max(most, bytes), 0);
}

/** Two textures, and which operands they hold after the launches so far. */
export class OperandTextures {
  /** The textures; empty if no launch needs them. */
  readonly textures: readonly GPUTexture[];
  #held: (StoredBinding | undefined)[] = [];

  /** Creates the textures, of `bytes` bytes each. */
  constructor(gpu: Gpu, bytes: number) {
    const count = bytes > 0 ? textureCount : 0;
    this.textures = Array.from({ length: count }, (_, index) => gpu.createTexture(bytes, `operand ${index}`));
  }

  /** To be called when a tensor is computed. A texture's copy of its old contents is then no longer valid. */
  forget(tensor: Tensor): void {
    this.#held = this.#held.map((held) => held === tensor ? undefined : held);
  }

  /** Makes all copies in the textures invalid. */
  forgetAll(): void {
    this.#held = [];
  }

  /**
   * The textures of the next launch, in the order of its operands, and the copies to be made before it. A tensor is not
   * copied if a texture still holds it from an earlier launch: the two gradients of a convolution, for example, follow
   * one another and share dy. Scratch memory is always copied.
   */
  next(
    operands: readonly StoredBinding[],
    rangeOf: (operand: StoredBinding) => BufferRange,
  ): { readonly textures: readonly GPUTexture[]; readonly copies: readonly TextureCopy[] } {
    const copies: TextureCopy[] = [];
    const textures = operands.map((operand) => {
      let index = operand instanceof Tensor ? this.#held.indexOf(operand) : -1;
      if (index < 0) {
        index = this.textures.findIndex((_, at) => {
          const held = this.#held[at];
          return held === undefined || !operands.includes(held);
        });
      }
      const texture = this.textures[index];
      if (texture === undefined) {
        throw new RangeError(`A launch reads more than ${textureCount} operands from textures`);
      }
      if (this.#held[index] !== operand) copies.push({ from: rangeOf(operand), to: texture });
      this.#held[index] = operand;
      return texture;
    });
    return { textures, copies };
  }
}
