/**
 * Gradient accumulation: several micro-batches give their gradients, and one step of the optimizer takes the mean of
 * them.
 *
 * @module
 */

import shader from "../../shaders/optim/accumulate_gradients.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import { bindableRanges, type BufferRange, type Dispatch, grid } from "../gpu/launch.ts";

/** Segments for the gradients of one micro-batch, and the launches that add them to their mean. */
export class GradientAccumulation {
  private constructor(
    /** To be launched after the gradients of the first micro-batch. */
    readonly first: readonly Dispatch[],
    /** To be launched after the gradients of each later micro-batch. */
    readonly further: readonly Dispatch[],
    readonly gpu: Gpu,
    readonly segments: ReadonlyMap<GPUBuffer, GPUBuffer>,
  ) {}

  /**
   * Allocates the segments and prepares the launches.
   *
   * @param means segments that the optimizer reads; after the last micro-batch they hold the mean.
   * @param count number of micro-batches in a step.
   */
  static async open(gpu: Gpu, means: readonly GPUBuffer[], count: number): Promise<GradientAccumulation> {
    const segments = new Map(
      means.map((mean, index) => [mean, gpu.createBuffer(mean.size, `gradients ${index} of a micro-batch`)]),
    );
    const launches = (isFirst: boolean) =>
      Promise.all(
        [...segments].flatMap(([mean, gradients]) =>
          bindableRanges(mean.size, gpu.maxBindingBytes).map((range) =>
            gpu.dispatch(
              { name: "optim/accumulate_gradients", text: shader },
              { VECTORS: range.size / 16, SHARE: 1 / count, FIRST: isFirst },
              [{ buffer: gradients, ...range }, { buffer: mean, ...range }],
              grid(range.size / 16, 64),
            )
          )
        ),
      );
    return new GradientAccumulation(await launches(true), await launches(false), gpu, segments);
  }

  /** Where a micro-batch writes a gradient, if the mean of it belongs at `range`. */
  place(range: BufferRange): BufferRange {
    return { ...range, buffer: this.segments.get(range.buffer) ?? range.buffer };
  }

  /** Frees the segments. */
  dispose(): void {
    for (const buffer of this.segments.values()) this.gpu.destroyBuffer(buffer);
  }
}
