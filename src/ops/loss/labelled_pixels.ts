/**
 * What losses over whole maps share: logits and hard labels of one size, taken pixel by pixel.
 *
 * @module
 */

import statisticsShader from "../../../shaders/loss/softmax_statistics.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import type { ShaderConstants } from "../../gpu/shader.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { inRanges, offsetAlignment, part, pixelRange, type Range } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";

/** Pairs of numbers: a multiple of so many begins where a binding can begin. */
const alignedPairs = offsetAlignment / 8;

/** Logits and labels of one size. */
export interface LabelledPixels {
  /** Logits `[N, C, H, W]`. */
  readonly logits: Tensor;
  /** Labels `[N, H, W]`, u8, plain. */
  readonly labels: Tensor;
  /** Pixels whose label has this value are ignored. Default 255. So are those whose label is not the id of a class. */
  readonly ignoreLabel?: number;
}

/** The sizes of a problem: its pixels through the batch, its classes, and the vec4f that hold those of a pixel. */
export function labelledSizes(
  { logits }: LabelledPixels,
): { readonly pixels: number; readonly classes: number; readonly vectors: number } {
  const [batch = 1, classes = 1, height = 1, width = 1] = logits.shape;
  return { pixels: batch * height * width, classes, vectors: paddedChannels(classes) / 4 };
}

/** @throws {RangeError} if a shape, type or layout does not fit. */
export function checkLabelledPixels(op: string, { logits, labels }: LabelledPixels): void {
  const [batch = 1, , height = 1, width = 1] = logits.shape;
  if (logits.shape.length !== 4 || logits.layout !== "activation") refuse(op, `logits ${logits} must be [N, C, H, W]`);
  const wanted = [batch, height, width];
  if (labels.dtype !== "u8" || labels.layout !== "plain" || labels.shape.join() !== wanted.join()) {
    refuse(op, `labels ${labels} (${labels.dtype}, ${labels.layout}) must be u8 plain [${wanted.join(", ")}]`);
  }
}

/**
 * What makes probabilities of logits: for each pixel its largest logit, and one over the sum of the exponentials of all
 * less it → `[N·H·W, 2]`, plain. Has no gradient.
 */
export function softmaxStatistics(problem: LabelledPixels): Tensor {
  const { logits } = problem;
  const { pixels, classes, vectors } = labelledSizes(problem);
  return new Tensor({
    op: "softmaxStatistics",
    shape: [pixels, 2],
    layout: "plain",
    inputs: [logits],
    kernels: (output, device) =>
      inRanges(
        { count: pixels, multiple: alignedPairs },
        output,
        device,
        (range) => ({
          calls: [{
            shader: { name: "loss/softmax_statistics", text: statisticsShader },
            constants: { PIXELS: range.count, CLASSES: classes, VECTORS: vectors },
            bindings: [pixelRange(logits, range), "output"],
            workgroups: grid(range.count, 64),
            iterations: 2 * nestedIterations(vectors),
            flops: 12 * range.count * classes,
          }],
        }),
        (range) => statisticsRange(output, range),
      ),
  });
}

/** The constants of `shaders/lib/labelled_softmax.wgsl` for some of the pixels. */
export function labelledConstants(problem: LabelledPixels, { first, count }: Range): ShaderConstants {
  const { classes, vectors } = labelledSizes(problem);
  const ignored = problem.ignoreLabel ?? 255;
  return { PIXELS: count, CLASSES: classes, VECTORS: vectors, IGNORE_LABEL: ignored, FIRST_LABEL: first % 4 };
}

/** The bindings of `shaders/lib/labelled_softmax.wgsl` for some of the pixels: logits, labels, statistics. */
export function labelledBindings(problem: LabelledPixels, statistics: Tensor, range: Range): Tensor[] {
  const { logits, labels } = problem;
  const { first, count } = range;
  const isWhole = count === labelledSizes(problem).pixels;
  // Labels are bound by whole words.
  const bytes = isWhole ? labels : part(labels, [first % 4 + count], first - first % 4);
  return [pixelRange(logits, range), bytes, statisticsRange(statistics, range)];
}

function statisticsRange(statistics: Tensor, { first, count }: Range): Tensor {
  return count === statistics.shape[0] ? statistics : part(statistics, [count, 2], 8 * first);
}

/** The loop iterations of one invocation that walks `walks` times over the classes of each of `pixels` pixels. */
export function walkIterations(problem: LabelledPixels, pixels: number, walks: number): number {
  return nestedIterations(pixels, walks * nestedIterations(labelledSizes(problem).vectors));
}
