/**
 * The label maps of range images, from the labels of points.
 *
 * @module
 */

import shader from "../../../shaders/scans/point_labels.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { inRanges } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { requirePlain, scansOf } from "./geometry.ts";

/**
 * The label of the point that each pixel shows: `[N, H, W]` u8, plain; 255, ignored, where it shows none. Has no
 * gradient.
 *
 * @param labels the label of each point, `[N, capacity]` u8, plain.
 * @param winner `projectScans` of the scans.
 * @throws {RangeError} if a shape, type or layout does not fit.
 */
export function pointLabels(labels: Tensor, winner: Tensor): Tensor {
  const [batch = 1, height = 1, width = 1] = winner.shape;
  const [, capacity = 1] = labels.shape;
  requirePlain("pointLabels", winner, "u32", [batch, height, width]);
  requirePlain("pointLabels", labels, "u8", [batch, capacity]);
  return new Tensor({
    op: "pointLabels",
    shape: [batch, height, width],
    dtype: "u8",
    layout: "plain",
    inputs: [labels, winner],
    kernels: (output, device) =>
      inRanges(
        // Four maps of bytes always end on a word.
        { count: batch, multiple: 4 },
        output,
        device,
        (scans) => ({
          calls: [{
            shader: { name: "scans/point_labels", text: shader },
            constants: { BATCH: scans.count, CAPACITY: capacity, PIXELS: height * width },
            bindings: [scansOf(labels, scans), scansOf(winner, scans), "output"],
            workgroups: grid(Math.ceil(scans.count * height * width / 4), 64),
            iterations: 0,
          }],
        }),
        (scans) => scansOf(output, scans),
      ),
  });
}
