/**
 * The class scores of a batch of images, as the kernels of the selection read them. The scores are computed from the
 * logits of one or several views at low resolution, or from probability maps, and from a spatial prior if there is one.
 * The kernels compute a score where they need it; maps of scores at full size are never stored.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { Size } from "../data/size.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { mostUnrolled, type ShaderConstants } from "../gpu/shader.ts";
import { maxIterations, nestedIterations } from "../graph/iterations.ts";
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
  /** What the image covers of the view, which was padded. Default: all. */
  readonly covered?: {
    /** Of its rows. */
    readonly rows: Cover;
    /** Of its columns. */
    readonly columns: Cover;
  };
}

/**
 * The part of a view's rows (or columns) that an image covers: `numerator / denominator` rows of the logits. Where
 * corner pixels coincide, so many steps from row to row.
 */
export interface Cover {
  /** Above the line. */
  readonly numerator: number;
  /** Below the line. */
  readonly denominator: number;
  /** The rows of a score map before the image, in parts of `denominator`. Default 0. */
  readonly offset?: number;
}

/**
 * What an image covers of a view.
 *
 * @param pixels rows that the image has in the view, of the `viewPixels` that the network sees.
 * @param logits rows of the logits.
 */
export function coverOf(pixels: number, viewPixels: number, logits: number, alignCorners: boolean): Cover {
  const less = alignCorners ? 1 : 0;
  const numerator = (pixels - less) * (logits - less);
  const denominator = Math.max(1, viewPixels - less);
  const shared = Math.max(1, greatestDivisor(numerator, denominator));
  return { numerator: numerator / shared, denominator: denominator / shared };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
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
  /** Whether the largest probability of the views counts, not their mean. Default `false`. */
  readonly takesMaximum?: boolean;
  /** Spatial prior `[H, W, C₄]`. */
  readonly prior?: GPUBuffer;
  /** Into how many rings the pixels of range images are divided by distance. Default 1: none. Only with `rings`. */
  readonly ringCount?: number;
  /** The size of the prior, if it is not that of the labels: it is then looked up at the same relative place. */
  readonly priorSize?: Size;
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
   * Range images only: `[N, H, W]`, u32. The index of the scan's point in each pixel; `noPoint` where it has none. Such
   * pixels are empty: they have no class, are not ranked and get no label. Default: no pixel is empty.
   */
  readonly filled?: BufferRange;
  /** The ring in which each pixel lies, `[N, H, W]`, bytes; 255 where it is empty. Default: there are no rings. */
  readonly rings?: BufferRange;
  /** Whether batches of all sizes share the compiled kernels, which then read the size. Default `false`. */
  readonly sharesKernels?: boolean;
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
    HEIGHT: batch.sharesKernels === true ? 0 : batch.height,
    WIDTH: batch.sharesKernels === true ? 0 : batch.width,
    VIEWS: batch.views.length,
    ALIGN_CORNERS: options.alignCorners ?? false,
    IS_PROBABILITY: options.isProbability ?? false,
    AVERAGE_LOGITS: options.averageLogits ?? false,
    // A single view may hold logits that are compared as they are, and these may be negative.
    TAKES_MAXIMUM: options.takesMaximum === true && batch.views.length > 1,
    HAS_PRIOR: options.prior !== undefined,
    PRIOR_IS_RESIZED: options.priorSize !== undefined,
  };
}

/** Loops over the classes of a pixel in `lib/class_scores.wgsl`: for each view, and once. */
const walks = { perView: 6, once: 5 };

/**
 * How many pixels one invocation takes: 32, or with many classes fewer, so that it does not loop more often than drivers
 * allow. It is a multiple of four, because four labels make a word.
 *
 * @param kernel how often the kernel asks for the scores of a pixel, and its other iterations per pixel and class.
 */
export function pixelsPerInvocation(
  batch: Pick<ScoreBatch, "views">,
  { classes }: ScoreOptions,
  kernel: { readonly scorings: number; readonly perClass: number },
): number {
  const vectors = paddedChannels(classes) / 4;
  if (vectors <= mostUnrolled) return 32;
  const scoring = (batch.views.length * walks.perView + walks.once) * nestedIterations(vectors);
  const perPixel = kernel.scorings * scoring + kernel.perClass * classes;
  return Math.max(4, Math.min(32, Math.floor(maxIterations / perPixel / 4) * 4));
}

/** Files of `shaders/lib/` that a kernel includes by a name, as there are few or many classes. */
export function scoreIncludes({ classes }: ScoreOptions, files: Readonly<Record<string, string>> = {}) {
  const ending = paddedChannels(classes) / 4 <= mostUnrolled ? "" : "_many";
  const chosen = Object.entries({ SCORES: "class_scores", ...files });
  return Object.fromEntries(chosen.map(([name, file]) => [name, `lib/${file}${ending}.wgsl`]));
}

/** The sizes and the views of a batch as `lib/class_scores.wgsl` reads them. */
export function viewsBuffer(gpu: Gpu, batch: ScoreBatch, { alignCorners = false, priorSize }: ScoreOptions): GPUBuffer {
  const { height, width } = batch;
  const sizes = [height, width, priorSize?.height ?? height, priorSize?.width ?? width];
  const views = batch.views.flatMap((view) => [
    ...[view.offset / 4, view.height, view.width, view.mirror ? 1 : 0],
    ...partOf(view.covered?.rows, view.height, height, alignCorners),
    ...partOf(view.covered?.columns, view.width, width, alignCorners),
  ]);
  const buffer = gpu.createBuffer(viewsBytes(batch.views.length), "views");
  gpu.write(buffer, Uint32Array.from([...sizes, ...views]));
  return buffer;
}

/** Bytes of `viewsBuffer` for this many views. */
export function viewsBytes(views: number): number {
  return 16 + views * 48;
}

/** A part of the logits as `betweenPart` takes it. Without a cover it is all of them. */
function partOf(cover: Cover | undefined, logits: number, labels: number, alignCorners: boolean): number[] {
  const all = { numerator: alignCorners ? logits - 1 : logits, denominator: 1 };
  const { numerator, denominator, offset = 0 } = small(cover ?? all, labels, logits);
  // In a score map the last pixel may lie between the last covered row and the next.
  const last = Math.ceil((numerator + offset) / denominator) - (alignCorners || offset > 0 ? 0 : 1);
  return [numerator, denominator, Math.min(last, logits - 1), offset];
}

/** The cover, or one nearly the same whose products stay below 2³¹. Only networks of odd strides need that. */
function small(cover: Cover, labels: number, logits: number): Cover {
  const { numerator, denominator, offset = 0 } = cover;
  const most = Math.floor((2 ** 31 - 1) / (2 * labels));
  if (numerator + offset <= most && denominator * logits <= most) return cover;
  const parts = Math.max(1, Math.floor(most / (logits + 1)));
  const scaled = (value: number) => Math.round(value / denominator * parts);
  return { numerator: scaled(numerator), denominator: parts, offset: scaled(offset) };
}
