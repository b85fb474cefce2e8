/**
 * The channels of range images, from the points that their pixels show.
 *
 * @module
 */

import shader from "../../../shaders/scans/range_channels.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { imageRows, inRegions } from "../../graph/slices.ts";
import { Tensor } from "../../graph/tensor.ts";
import { requirePlain, requireScans, scansOf } from "./geometry.ts";

/** Which channels a network sees. */
export interface RangeChannelOptions {
  /** 6: x, y, z, intensity, range, and whether there is a point (1 or 0). 5: without the last. */
  readonly channels: 5 | 6;
  /**
   * `scaled`: x/50, y/50, z/3, intensity, range/80. The intensity of scans with rings in their file is also divided by 255,
   * since they give 0 to 255 where others give 0 to 1. `raw`: the numbers as they are in the file.
   */
  readonly scaling: "scaled" | "raw";
}

/**
 * The channels `[N, 5 or 6, H, W]` of range images. Coordinates and ranges are those of the moved points. Without a
 * point the first five are −1, before they are scaled by 50, 50, 3, 1 and 80, and the sixth is 0. In a mirrored view y
 * is negated. Has no gradient.
 *
 * @param points u32 plain `[N, capacity · 5]`, as for `projectScans`.
 * @param winner `projectScans` of them.
 * @param geometry `[N, 28]`, plain: `scanGeometryValues` of each scan.
 * @throws {RangeError} if a shape, type or layout does not fit.
 */
export function rangeChannels(
  points: Tensor,
  winner: Tensor,
  geometry: Tensor,
  { channels, scaling }: RangeChannelOptions,
): Tensor {
  const { batch, capacity } = requireScans("rangeChannels", points, geometry);
  const [, height = 1, width = 1] = winner.shape;
  requirePlain("rangeChannels", winner, "u32", [batch, height, width]);
  return new Tensor({
    op: "rangeChannels",
    shape: [batch, channels, height, width],
    inputs: [points, winner, geometry],
    kernels: (output, device) =>
      inRegions(output, device, ({ images, rows }) => ({
        calls: [{
          shader: { name: "scans/range_channels", text: shader },
          constants: {
            ...{ BATCH: images.count, CAPACITY: capacity, PIXELS: rows.count * width },
            ...{ VECTORS: paddedChannels(channels) / 4, EXISTENCE: channels === 6, SCALED: scaling === "scaled" },
          },
          bindings: [
            scansOf(points, images),
            imageRows(winner, { images, rows }),
            scansOf(geometry, images),
            "output",
          ],
          workgroups: grid(images.count * rows.count * width, 64),
          iterations: 0,
          flops: images.count * rows.count * width * 30,
        }],
      })),
  });
}
