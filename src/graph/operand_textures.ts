/**
 * The textures of a program that hold copies of what kernels read, where a load from a texture is the faster one.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange, TextureCopy } from "../gpu/launch.ts";
import { storedBindingBytes } from "./slices.ts";
import { type KernelCall, type KernelPlan, type StoredBinding, Tensor } from "./tensor.ts";

/** Operands that one launch may read from textures. */
export const textureCount = 2;

/** What a launch reads from textures. */
export function textureOperands(call: KernelCall): StoredBinding[] {
  return call.bindings.flatMap((binding) =>
    typeof binding === "object" && "texture" in binding ? [binding.texture] : []
  );
}

/** Bytes of each texture that these plans need; 0 where none reads from textures. */
export function operandTextureBytes(plans: readonly KernelPlan[]): number {
  const sizes = plans.flatMap((plan) =>
    plan.calls.flatMap(textureOperands).map((operand) => storedBindingBytes(operand, plan))
  );
  return sizes.reduce((most, bytes) => Math.max(most, bytes), 0);
}

/** Two textures, and what they hold after the launches so far. */
export class OperandTextures {
  /** The textures; none where no launch needs them. */
  readonly textures: readonly GPUTexture[];
  #held: (StoredBinding | undefined)[] = [];

  /** Makes the textures, of `bytes` each. */
  constructor(gpu: Gpu, bytes: number) {
    const count = bytes > 0 ? textureCount : 0;
    this.textures = Array.from({ length: count }, (_, index) => gpu.createTexture(bytes, `operand ${index}`));
  }

  /** A tensor is computed: what a texture holds of it is no longer its contents. */
  forget(tensor: Tensor): void {
    this.#held = this.#held.map((held) => held === tensor ? undefined : held);
  }

  /** Nothing is known of what the textures hold. */
  forgetAll(): void {
    this.#held = [];
  }

  /**
   * The next launch's textures, in the order of its operands. A tensor is copied unless a texture holds it from a launch
   * before, as the two gradients of a convolution follow one another; scratch memory is copied always.
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
