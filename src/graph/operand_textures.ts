/**
 * The textures of a program that hold copies of tensors while matrix products read them.
 *
 * @module
 */

import type { BufferRange, Gpu, TextureCopy } from "../gpu/gpu.ts";
import type { KernelCall, KernelPlan, Tensor } from "./tensor.ts";

/** Tensors that one launch may read from textures. */
const textureCount = 2;

/** The tensors that a launch reads from textures. */
export function textureOperands(call: KernelCall): Tensor[] {
  return call.bindings.flatMap((binding) =>
    typeof binding === "object" && "texture" in binding ? [binding.texture] : []
  );
}

/** Bytes of each texture that these plans need; 0 where none reads from textures. */
export function operandTextureBytes(plans: readonly KernelPlan[]): number {
  return plans.flatMap(({ calls }) => calls).flatMap(textureOperands)
    .reduce((most, { bytes }) => Math.max(most, bytes), 0);
}

/** Two textures, and what they hold after the launches so far. */
export class OperandTextures {
  /** The textures; none where no launch needs them. */
  readonly textures: readonly GPUTexture[];
  readonly #held: (Tensor | undefined)[] = [];

  /** Makes the textures, of `bytes` each. */
  constructor(gpu: Gpu, bytes: number) {
    const count = bytes > 0 ? textureCount : 0;
    this.textures = Array.from({ length: count }, (_, index) => gpu.createTexture(bytes, `operand ${index}`));
  }

  /**
   * The next launch's textures. A tensor is copied unless a texture holds it from a launch before, as the two gradients of
   * a convolution follow one another.
   */
  next(
    tensors: readonly Tensor[],
    rangeOf: (tensor: Tensor) => BufferRange,
  ): { readonly textures: ReadonlyMap<Tensor, GPUTexture>; readonly copies: readonly TextureCopy[] } {
    const wanted = new Set(tensors);
    const copies: TextureCopy[] = [];
    const textures = new Map<Tensor, GPUTexture>();
    for (const tensor of wanted) {
      let index = this.#held.indexOf(tensor);
      if (index < 0) {
        index = this.textures.findIndex((_, at) => {
          const held = this.#held[at];
          return held === undefined || !wanted.has(held);
        });
        const to = this.textures[index];
        if (to === undefined) {
          throw new RangeError(`${tensor} finds no texture: a launch reads at most ${textureCount}`);
        }
        copies.push({ from: { ...rangeOf(tensor), size: tensor.bytes }, to });
        this.#held[index] = tensor;
      }
      const texture = this.textures[index];
      if (texture !== undefined) textures.set(tensor, texture);
    }
    return { textures, copies };
  }
}
