/**
 * The launch that the cross-entropy and its gradient share.
 *
 * @module
 */

import shader from "../../../shaders/loss/interpolated_cross_entropy.wgsl" with { type: "text" };
import manyShader from "../../../shaders/loss/interpolated_cross_entropy_many.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { mostUnrolled } from "../../gpu/shader.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, part, type Region } from "../../graph/slices.ts";
import type { KernelBinding, KernelCall, Tensor } from "../../graph/tensor.ts";
import { type Interpolation, rowsBetween } from "../resize/between.ts";
import type { CrossEntropyProblem, RegularizerKind } from "./interpolated_cross_entropy.ts";

/** Sizes of a cross-entropy. */
export interface CrossEntropySizes {
  /** Images. */
  readonly batch: number;
  /** Classes. */
  readonly classes: number;
  /** Number of vec4 that hold the classes of a pixel. */
  readonly vectors: number;
  /** Rows of the logits. */
  readonly logitsHeight: number;
  /** Columns of the logits. */
  readonly logitsWidth: number;
  /** Rows of the labels. */
  readonly height: number;
  /** Columns of the labels. */
  readonly width: number;
}

/** The sizes of a problem. */
export function crossEntropySizes({ logits, labels }: CrossEntropyProblem): CrossEntropySizes {
  const [batch = 1, classes = 1, logitsHeight = 1, logitsWidth = 1] = logits.shape;
  const [height = 1, width = 1] = labels.shape.slice(-2);
  return { batch, classes, vectors: paddedChannels(classes) / 4, logitsHeight, logitsWidth, height, width };
}

/** What the sum of the losses is divided by; 0 where that is the sum of the weights. */
export function crossEntropyDivisor(problem: CrossEntropyProblem): number {
  const { batch, height, width } = crossEntropySizes(problem);
  return problem.averageOver === "all" ? batch * height * width : 0;
}

/** Every tensor that the launch reads. */
export function crossEntropyInputs(problem: CrossEntropyProblem): Tensor[] {
  const { logits, labels, classWeights, pixelWeights, regularizer } = problem;
  return [logits, labels, classWeights, pixelWeights, regularizer?.images].filter((tensor) => tensor !== undefined);
}

/** How the kernels call the regularisers; 0 is none. */
const regularizerNumbers: Readonly<Record<RegularizerKind, number>> = { mrkld: 1, mrent: 2, mrl2: 3 };

/** The most output pixels along an axis that lie between the same two of `inputs` input pixels. */
export function longestRun(inputs: number, outputs: number): number {
  return Math.min(outputs, Math.ceil(1.5 * outputs / Math.max(1, inputs - 1)) + 2);
}

/** The interpolation that takes the rows of the logits to those of the labels. */
export function crossEntropyAxis(problem: CrossEntropyProblem): Interpolation {
  const { logitsHeight, height } = crossEntropySizes(problem);
  return { inputSize: logitsHeight, outputSize: height, alignCorners: problem.alignCorners ?? false };
}

/** Loops over the classes of one pixel, of soft labels, in the kernel for many classes. */
const walksPerPixel = 4;

/**
 * The most loop iterations of one invocation that takes this many rows. With few classes the only loops are those over
 * rows and pixels.
 */
export function crossEntropyIterations(sizes: CrossEntropySizes, rowsPerInvocation: number): number {
  const run = longestRun(sizes.logitsWidth, sizes.width);
  if (sizes.vectors <= mostUnrolled) return rowsPerInvocation * (run + 1) + 8;
  const walk = nestedIterations(sizes.vectors);
  return nestedIterations(rowsPerInvocation, 2 * walk + nestedIterations(run, walksPerPixel * walk)) + 8;
}

/**
 * The launch. Each invocation takes one column of the logits and `rowsPerInvocation` rows of the labels.
 *
 * @param options which rows of the labels to take; whether to compute gradients (`rowsPerInvocation` is 1 then); where
 * the result goes.
 */
export function crossEntropyCall(
  problem: CrossEntropyProblem,
  options: {
    readonly region: Region;
    /** The sums of the forward pass, if gradients are to be computed; else `null`. */
    readonly gradient: Tensor | null;
    readonly rowsPerInvocation: number;
    readonly result: KernelBinding;
  },
): KernelCall {
  const { classWeights, regularizer } = problem;
  const sizes = crossEntropySizes(problem);
  const { region, rowsPerInvocation, gradient, result } = options;
  const soft = problem.labels.shape.length === 4;
  const rows = region.images.count * region.rows.count;
  const logitsRows = rowsBetween(region.rows, crossEntropyAxis(problem));
  const logits = imageRows(problem.logits, { images: region.images, rows: logitsRows });
  const { labels, firstLabel } = soft
    ? { labels: imageRows(problem.labels, region), firstLabel: 0 }
    : labelRows(problem.labels, region);
  const pixelWeights = problem.pixelWeights && imageRows(problem.pixelWeights, region);
  return {
    shader: sizes.vectors <= mostUnrolled
      ? { name: "loss/interpolated_cross_entropy", text: shader }
      : { name: "loss/interpolated_cross_entropy_many", text: manyShader },
    constants: {
      BATCH: region.images.count,
      HEIGHT: sizes.height,
      WIDTH: sizes.width,
      LOGITS_HEIGHT: sizes.logitsHeight,
      LOGITS_WIDTH: sizes.logitsWidth,
      CLASSES: sizes.classes,
      VECTORS: sizes.vectors,
      ROWS_PER_INVOCATION: rowsPerInvocation,
      IGNORE_LABEL: problem.ignoreLabel ?? 255,
      ALIGN_CORNERS: problem.alignCorners ?? false,
      SOFT_LABELS: soft,
      HAS_CLASS_WEIGHTS: classWeights !== undefined,
      HAS_PIXEL_WEIGHTS: pixelWeights !== undefined,
      REGULARIZER: regularizer === undefined ? 0 : regularizerNumbers[regularizer.kind],
      REGULARIZER_WEIGHT: regularizer?.weight ?? 0,
      HAS_IMAGE_SHARES: regularizer?.images !== undefined,
      GRADIENT: gradient !== null,
      DIVISOR: crossEntropyDivisor(problem),
      FIRST_IMAGE: regularizer?.images === undefined ? 0 : region.images.first,
      FIRST_ROW: region.rows.first,
      SLICE_ROWS: region.rows.count,
      FIRST_LOGITS_ROW: logitsRows.first,
      LOGITS_ROWS: logitsRows.count,
      FIRST_LABEL: firstLabel,
    },
    bindings: [
      ...[logits, labels, soft ? labels : logits, classWeights ?? logits, pixelWeights ?? logits, result],
      ...[regularizer?.images ?? logits, regularizer === undefined ? logits : gradient ?? logits],
    ],
    workgroups: grid(Math.ceil(rows / rowsPerInvocation) * sizes.logitsWidth, 64),
    iterations: crossEntropyIterations(sizes, rowsPerInvocation),
    // Operations per class and pixel: interpolation 2, shift 1, exponential 8 and, at the end, loss 2 or gradient with
    // its interpolation 6; of the regulariser 2, and its gradient 5.
    flops: rows * sizes.width * sizes.classes *
      ((gradient === null ? 13 : 17) + (regularizer === undefined ? 0 : gradient === null ? 2 : 7)),
  };
}

/** Rows of a map of bytes, as whole 4-byte words, and which byte of the first word is the first label. */
function labelRows(labels: Tensor, { images, rows }: Region): { labels: Tensor; firstLabel: number } {
  const [batch = 1, height = 1, width = 1] = labels.shape;
  if (images.count === batch && rows.count === height) return { labels, firstLabel: 0 };
  const start = (images.first * height + rows.first) * width;
  const firstLabel = start % 4;
  const count = firstLabel + images.count * rows.count * width;
  return { labels: part(labels, [count], start - firstLabel), firstLabel };
}
