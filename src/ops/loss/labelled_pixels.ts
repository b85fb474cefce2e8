/**
 * What losses over whole maps share: what a network says of the classes, and hard labels of one size, pixel by pixel.
 *
 * @module
 */

import type { ShaderConstants } from "../../gpu/shader.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { part, pixelRange, type Range } from "../../graph/slices.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";

/** What a network says of the classes, and labels of the same size. */
export interface ScoredPixels {
  /** Logits, or their softmax, `[N, C, H, W]`. */
  readonly values: Tensor;
  /** Labels `[N, H, W]`, u8, plain. */
  readonly labels: Tensor;
  /** Pixels whose label has this value are ignored. Default 255. So are those whose label is not the id of a class. */
  readonly ignoreLabel: number;
}

/** The sizes of a problem: its pixels through the batch, its classes, and the vec4f that hold those of a pixel. */
export function labelledSizes(
  { values }: Pick<ScoredPixels, "values">,
): { readonly pixels: number; readonly classes: number; readonly vectors: number } {
  const [batch = 1, classes = 1, height = 1, width = 1] = values.shape;
  return { pixels: batch * height * width, classes, vectors: paddedChannels(classes) / 4 };
}

/**
 * The problem of a loss, with the logits as its values.
 *
 * @throws {RangeError} if a shape, type or layout does not fit.
 */
export function scoredPixels(
  op: string,
  logits: Tensor,
  labels: Tensor,
  { ignoreLabel = 255 }: { readonly ignoreLabel?: number },
): ScoredPixels {
  const [batch = 1, , height = 1, width = 1] = logits.shape;
  if (logits.shape.length !== 4 || logits.layout !== "activation") refuse(op, `logits ${logits} must be [N, C, H, W]`);
  const wanted = [batch, height, width];
  if (labels.dtype !== "u8" || labels.layout !== "plain" || labels.shape.join() !== wanted.join()) {
    refuse(op, `labels ${labels} (${labels.dtype}, ${labels.layout}) must be u8 plain [${wanted.join(", ")}]`);
  }
  return { values: logits, labels, ignoreLabel };
}

/** The constants of `shaders/lib/labelled_pixels.wgsl` for some of the pixels. */
export function labelledConstants(problem: ScoredPixels, { first, count }: Range): ShaderConstants {
  const { classes, vectors } = labelledSizes(problem);
  const { ignoreLabel } = problem;
  return { PIXELS: count, CLASSES: classes, VECTORS: vectors, IGNORE_LABEL: ignoreLabel, FIRST_LABEL: first % 4 };
}

/** The bindings of `shaders/lib/labelled_pixels.wgsl` for some of the pixels: values, labels. */
export function labelledBindings({ values, labels }: ScoredPixels, range: Range): [Tensor, Tensor] {
  return [pixelRange(values, range), labelRange(labels, range)];
}

/** Labels of some of the pixels, as whole words. */
export function labelRange(labels: Tensor, { first, count }: Range): Tensor {
  const isWhole = count === labels.shape.reduce((product, side) => product * side, 1);
  return isWhole ? labels : part(labels, [first % 4 + count], first - first % 4);
}
