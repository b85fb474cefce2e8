/**
 * Confusion matrix on the GPU. It is added to over many images. `src/metrics/` computes scores from it.
 *
 * @module
 */

import shader from "../../../shaders/metrics/confusion_matrix.wgsl" with { type: "text" };
import type { Gpu } from "../../gpu/gpu.ts";
import { type BufferRange, type Dispatch, grid } from "../../gpu/launch.ts";

/** The most classes. Ids are bytes, and 255 means "ignored". */
const maxClasses = 255;
/** The most entries that are gathered in workgroup memory: all those of 32 classes, in 4 KiB. */
const maxLocalEntries = 1024;
/** 4-byte words, of four labels each, that one invocation counts. */
const wordsPerInvocation = 16;

/** Sizes of a confusion matrix. */
export interface ConfusionOptions {
  /** Number of classes C, at most 255. */
  readonly classes: number;
  /** Number of labels to count, from the start of both ranges. */
  readonly pixels: number;
  /**
   * Whether labels that are no class count as predictions too: they are misses of the class of the truth. The matrix is
   * then `[C, C + 1]`, and its last column counts them. Default `false`.
   */
  readonly withMisses?: boolean;
}

/** Bytes of the counts of a confusion matrix. */
export function confusionBytes(classes: number, withMisses = false): number {
  return classes * (withMisses ? classes + 1 : classes) * 4;
}

/**
 * A launch that counts `pixels` pairs of labels into `counts`, `[C, C]` of u32 with rows by ground truth. A pixel is
 * not counted if either label is not the id of a class (255 = ignored).
 *
 * A count wraps at 2³². So read the counts back and clear them before any class can have that many pixels (2,048 images
 * of 1024 × 2048), and add them up as numbers. Integer sums do not depend on their order, so the counts are
 * deterministic.
 *
 * @param predicted one byte per pixel, padded to whole 4-byte words.
 * @param truth the ground truth, in the same form.
 * @throws {RangeError} if there are too many classes or too few labels.
 */
export function confusionDispatch(
  gpu: Gpu,
  predicted: BufferRange,
  truth: BufferRange,
  counts: GPUBuffer | BufferRange,
  options: ConfusionOptions,
): Promise<Dispatch> {
  const { classes, pixels, withMisses = false } = options;
  if (!Number.isInteger(classes) || classes < 1 || classes > maxClasses) {
    throw new RangeError(`Cannot count a confusion matrix of ${classes} classes: 1 to ${maxClasses} are possible`);
  }
  const shortest = Math.min(predicted.size, truth.size);
  if (!Number.isInteger(pixels) || pixels < 1 || Math.ceil(pixels / 4) * 4 > shortest) {
    throw new RangeError(`Cannot count a confusion matrix of ${pixels} pixels: the label maps hold ${shortest} bytes`);
  }
  return gpu.dispatch(
    { name: "metrics/confusion_matrix", text: shader },
    {
      PIXELS: pixels,
      CLASSES: classes,
      ...(withMisses ? { MISSES: true } : {}),
      WORDS_PER_INVOCATION: wordsPerInvocation,
      LOCAL_ENTRIES: Math.min(confusionBytes(classes, withMisses) / 4, maxLocalEntries),
    },
    [predicted, truth, counts],
    grid(Math.ceil(pixels / (4 * wordsPerInvocation)), 64),
    "confusion matrix",
  );
}
