/**
 * The predicted labels of the points of LiDAR scans, from those of the pixels of their range images.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { backprojectDispatch, type PointRule } from "../ops/scans/backproject.ts";
import type { SampleBatch } from "./inference.ts";
import type { Prediction } from "./prediction.ts";

/** Labels points: `using points = new PointLabels(gpu, "nearest")`. */
export class PointLabels implements Disposable {
  #labels: GPUBuffer | undefined;

  /**
   * Takes no memory yet.
   *
   * @param rule how a point gets its label.
   */
  constructor(readonly gpu: Gpu, readonly rule: PointRule) {}

  /**
   * The labels of the points of a batch, `[N, group.points]`, one byte each; 255 where a point has none. The next call
   * overwrites them. Does not wait for the GPU.
   *
   * @param prediction of the batch.
   * @throws {Error} if these are no scans.
   */
  async label({ labels, starts, scans }: Prediction, group: SampleBatch): Promise<BufferRange> {
    const { samples, size: { height, width }, points: capacity } = group;
    if (scans === null || capacity === undefined) throw new Error("Cannot label points: the images are no LiDAR scans");
    const points = { buffer: this.#room(samples.length * capacity), offset: 0, size: samples.length * capacity };
    const { winner: winners, places } = scans;
    const stride = (starts[1] ?? height * width) - (starts[0] ?? 0);
    this.gpu.submit([
      await backprojectDispatch(
        this.gpu,
        { labels, winners, places, points },
        { scans: samples.length, capacity, height, width, rule: this.rule, stride },
      ),
    ]);
    return points;
  }

  /** Frees the labels. */
  [Symbol.dispose](): void {
    if (this.#labels !== undefined) this.gpu.destroyBuffer(this.#labels);
    this.#labels = undefined;
  }

  #room(bytes: number): GPUBuffer {
    if (this.#labels !== undefined && this.#labels.size >= bytes) return this.#labels;
    this[Symbol.dispose]();
    return this.#labels = this.gpu.createBuffer(bytes, "labels of points");
  }
}
