/**
 * The class scores of a batch of images, as the kernels of the selection read them. The scores are computed from the
 * logits of one or several views at low resolution, or from probability maps, and from a spatial prior if there is one.
 * The kernels compute a score where they need it; maps of scores at full size are never stored.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange } from "../gpu/launch.ts";
import type { ShaderConstants } from "../gpu/shader.ts";
import { paddedChannels } from "../graph/layout.ts";

/** Where a view of a batch lies in the buffer of the logits. */
export interface ScoreView {
  /** Index of the view's first float in the buffer. */
  readonly offset: number;
  /** Rows of the logits or of the map. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** Whether the image was mirrored for this view. */
  readonly mirror: boolean;
}

/** What all batches have in common. */
export interface ScoreOptions {
  /** Number of classes. */
  readonly classes: number;
  /** Whether corner pixels coincide when the logits are interpolated. Default `false`. */
  readonly alignCorners?: boolean;
  /** Whether the buffers hold probabilities at full size, not logits. Default `false`. */
  readonly isProbability?: boolean;
  /** Whether the logits of the views are averaged, not their probabilities. Default `false`. */
  readonly averageLogits?: boolean;
  /** Spatial prior `[H, W, C₄]`. */
  readonly prior?: GPUBuffer;
}

/** The logits or probabilities of some images, on the GPU. */
export interface ScoreBatch {
  /** How many images. */
  readonly images: number;
  /** Rows of the labels. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** The views one after the other, each `[N, h, w, C₄]`. */
  readonly logits: BufferRange;
  /** Where each view lies. */
  readonly views: readonly ScoreView[];
  /**
   * Each image as a batch of its own, in the same buffer. Present if one binding cannot see the logits of all images.
   */
  readonly parts?: readonly ScoreBatch[];
}

/** The scores of all images, batch by batch. */
export interface ScoreBatches {
  /** How many images there are. */
  readonly images: number;
  /** Passes over all batches. It is called once per pass and must give the same scores each time. */
  batches(): AsyncIterable<ScoreBatch>;
}

/** The constants of `lib/class_scores.wgsl` for a batch. */
export function scoreConstants(batch: ScoreBatch, options: ScoreOptions): ShaderConstants {
  return {
    CLASSES: options.classes,
    CLASS_VECTORS: paddedChannels(options.classes) / 4,
    BATCH: batch.images,
    HEIGHT: batch.height,
    WIDTH: batch.width,
    VIEWS: batch.views.length,
    ALIGN_CORNERS: options.alignCorners ?? false,
    IS_PROBABILITY: options.isProbability ?? false,
    AVERAGE_LOGITS: options.averageLogits ?? false,
    HAS_PRIOR: options.prior !== undefined,
  };
}

/** The views as `lib/class_scores.wgsl` reads them. */
export function viewsBuffer(gpu: Gpu, batch: ScoreBatch): GPUBuffer {
  const buffer = gpu.createBuffer(batch.views.length * 16, "views");
  gpu.write(
    buffer,
    Uint32Array.from(
      batch.views.flatMap(({ offset, height, width, mirror }) => [offset / 4, height, width, mirror ? 1 : 0]),
    ),
  );
  return buffer;
}
