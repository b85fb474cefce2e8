/**
 * Gradient clipping: one factor for all gradients, so that their L2 norm together is no larger than wanted. The optimizer
 * multiplies by it where it reads them.
 *
 * @module
 */

import clipShader from "../../shaders/optim/clip_factor.wgsl" with { type: "text" };
import normShader from "../../shaders/optim/squared_norm.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import { type Dispatch, grid } from "../gpu/launch.ts";
import type { ParameterStore } from "../nn/parameters.ts";

/** vec4f that one invocation adds, about. */
const vectorsPerInvocation = 64;

/** The factor of a step, and the launches that compute it. */
export class GradientClip {
  private constructor(
    readonly gpu: Gpu,
    /** The factor, f32, at its start. */
    readonly factor: GPUBuffer,
    readonly partial: GPUBuffer,
    /** To be put after those that compute the gradients, before the optimizer's. */
    readonly dispatches: readonly Dispatch[],
  ) {}

  /**
   * Allocates and binds.
   *
   * @param maxNorm L2 norm of all trained parameters' gradients together, at most.
   * @throws {RangeError} if it is not positive.
   */
  static async open(gpu: Gpu, store: ParameterStore, maxNorm: number): Promise<GradientClip> {
    if (!(maxNorm > 0)) throw new RangeError(`Cannot clip gradients to a norm of ${maxNorm}: it must be above 0`);
    const runs = store.runs().map(({ gradients }) => {
      const vectors = gradients.size / 16;
      return { gradients, vectors, invocations: Math.ceil(vectors / vectorsPerInvocation) };
    });
    const parts = runs.reduce((sum, { invocations }) => sum + invocations, 0);
    const partial = gpu.createBuffer(parts * 4, "squared norms");
    const factor = gpu.createBuffer(4, "clip factor");
    let first = 0;
    const norms = runs.map(({ gradients, vectors, invocations }) => {
      const constants = { VECTORS: vectors, INVOCATIONS: invocations, FIRST: first };
      first += invocations;
      const source = { name: "optim/squared_norm", text: normShader };
      return gpu.dispatch(source, constants, [gradients, partial], grid(invocations, 64));
    });
    const clip = gpu.dispatch(
      { name: "optim/clip_factor", text: clipShader },
      { MAX_NORM: maxNorm },
      [partial, factor],
      [1, 1, 1],
    );
    return new GradientClip(gpu, factor, partial, await Promise.all([...norms, clip]));
  }

  /** Frees the buffers. */
  dispose(): void {
    for (const buffer of [this.factor, this.partial]) this.gpu.destroyBuffer(buffer);
  }
}
