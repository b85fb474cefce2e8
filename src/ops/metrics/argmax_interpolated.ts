/**
 * The predicted label of every pixel at any size, for evaluation and prediction; with no confidence and no prior.
 *
 * @module
 */

import shader from "../../../shaders/metrics/argmax_interpolated.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { batchRows, inRanges } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { batchRowsBetween } from "../resize/between.ts";

/** Rows that are whole words of four labels, whatever their width. */
const rowsOfWholeWords = 4;
import { refuse } from "../refuse.ts";

/** Options of `argmaxInterpolated`. */
export interface ArgmaxInterpolatedOptions {
  /** Rows of the result. */
  readonly height: number;
  /** Columns of the result. */
  readonly width: number;
  /** Whether the corner pixels of both grids coincide; default `false`, as in PyTorch. */
  readonly alignCorners?: boolean;
}

/**
 * arg max over the classes of the logits interpolated bilinearly to `height` × `width`: `[N, C, h, w]` → u8 `[N, height, width]`,
 * plain. On ties the first class. Also for probabilities (means over scales, say). Has no gradient.
 *
 * @throws {RangeError} if `logits` are not `[N, C, h, w]`, or there are more than 255 classes.
 */
export function argmaxInterpolated(logits: Tensor, options: ArgmaxInterpolatedOptions): Tensor {
  const [batch = 1, classes = 1, logitsHeight = 1, logitsWidth = 1] = logits.shape;
  const { height, width, alignCorners = false } = options;
  if (logits.shape.length !== 4 || logits.layout !== "activation" || classes > 255) {
    refuse("argmaxInterpolated", `${logits} (${logits.layout}) must be [N, C, h, w] with C up to 255`);
  }
  const vectors = paddedChannels(classes) / 4;
  const axis = { inputSize: logitsHeight, outputSize: height, alignCorners };
  return new Tensor({
    op: "argmaxInterpolated",
    shape: [batch, height, width],
    dtype: "u8",
    layout: "plain",
    inputs: [logits],
    kernels: (output, device) =>
      inRanges({ count: batch * height, multiple: rowsOfWholeWords }, output, device, (rows) => {
        const source = batchRowsBetween(rows, axis);
        const pixels = rows.count * width;
        return {
          calls: [{
            shader: { name: "metrics/argmax_interpolated", text: shader },
            constants: {
              HEIGHT: height,
              WIDTH: width,
              LOGITS_HEIGHT: logitsHeight,
              LOGITS_WIDTH: logitsWidth,
              CLASSES: classes,
              VECTORS: vectors,
              ALIGN_CORNERS: alignCorners,
              FIRST_PIXEL: rows.first * width,
              PIXELS: pixels,
              FIRST_LOGITS_ROW: source.first,
            },
            bindings: [batchRows(logits, source), "output"],
            workgroups: grid(Math.ceil(pixels / 4), 64),
            iterations: 4 * vectors,
            flops: pixels * classes * 9,
          }],
        };
      }, (rows) => batchRows(output, rows)),
  });
}
