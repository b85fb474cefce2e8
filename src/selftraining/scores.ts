/**
 * The class scores of a batch of images, as the kernels of the selection read them: low-resolution logits of one or several
 * views, or probability maps, and a spatial prior. The large maps themselves exist only inside the kernels.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange } from "../gpu/launch.ts";
import type { ShaderConstants } from "../gpu/shader.ts";
import { paddedChannels } from "../graph/layout.ts";

/** A view of a batch inside its buffer. */
export interface ScoreView {
  /** First float of the view. */
  readonly offset: number;
  /** Size of the logits or of the map. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** The image was mirrored for this view. */
  readonly mirror: boolean;
}

/** What all batches have in common. */
export interface ScoreOptions {
  /** Number of classes. */
  readonly classes: number;
  /** How logits are interpolated. */
  readonly alignCorners?: boolean;
  /** The buffers hold probabilities at full size, not logits. */
  readonly isProbability?: boolean;
  /** Average the logits of the views instead of their probabilities. */
  readonly averageLogits?: boolean;
  /** Spatial prior `[H, W, C₄]`. */
  readonly prior?: GPUBuffer;
}

/** Some images, on the GPU. */
export interface ScoreBatch {
  /** How many images. */
  readonly images: number;
  /** Size of the labels. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** The views one after the other, each `[N, h, w, C₄]`. */
  readonly logits: BufferRange;
  /** Where each view lies. */
  readonly views: readonly ScoreView[];
  /** Each image by itself, in the same buffer, where the logits of all are more than one binding can see. */
  readonly parts?: readonly ScoreBatch[];
}

/** All images, batch by batch. */
export interface ScoreBatches {
  /** How many images there are. */
  readonly images: number;
  /** Called once per pass; must give the same scores each time. */
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
