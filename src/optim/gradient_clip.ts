/**
 * Gradient clipping. One factor scales all gradients, so that the L2 norm of all of them together is at most a given
 * number. The optimizer multiplies each gradient by the factor as it reads it.
 *
 * @module
 */

import clipShader from "../../shaders/optim/clip_factor.wgsl" with { type: "text" };
import normShader from "../../shaders/optim/squared_norm.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import { type Dispatch, grid } from "../gpu/launch.ts";
import type { ParameterStore } from "../nn/parameter_store.ts";

/** About how many vec4f one invocation adds. */
const vectorsPerInvocation = 64;

/** The factor of a step, and the launches that compute it. */
export class GradientClip {
  private constructor(
    readonly gpu: Gpu,
    /** A buffer that begins with the factor, an f32. */
    readonly factor: GPUBuffer,
    readonly partial: GPUBuffer,
    /** To be launched after the gradients and before the optimizer. */
    readonly dispatches: readonly Dispatch[],
  ) {}

  /**
   * Allocates the buffers and prepares the launches.
   *
   * @param maxNorm largest L2 norm of the gradients of all trained parameters together.
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
