/**
 * A small DeepLab for the built-in towns, for tests and for learning: plain 3×3 convolutions to output stride 4, then
 * ever wider dilations for context, and a DeepLabv2 head of two rates. It trains from scratch in minutes.
 *
 * @module
 */

import { add } from "../../ops/arithmetic/add.ts";
import { convBatchNorm, convBias } from "../layers.ts";
import type { Model } from "../model.ts";

/** `deeplab-nano`. */
export const deeplabNano: Model = {
  name: "deeplab-nano",
  description: "3×3 stages 16, 32, 48, 48, 64, 64 at output stride 4, dilated to 8, DeepLabv2 head (rates 1, 6)",
  outputStride: 4,
  normalization: { scale: [1 / 63.75, 1 / 63.75, 1 / 63.75], shift: [-2, -2, -2] },
  alignCorners: false,
  logits(images, scope, { classes, inference }) {
    // Frozen statistics leave an affine map per channel; plain kernels drawn by fan-in need no more than that.
    const shared = { activation: "relu", epsilon: 1e-3, inference, kernel: 3, padding: "same" } as const;
    const features = stages.reduce(
      (x, [name, channels, stride, dilation]) =>
        convBatchNorm(x, scope, name, { ...shared, channels, stride, dilation }),
      images,
    );
    const head = { channels: classes, kernel: 3, deviation: 0.01, group: "head" } as const;
    return add(
      convBias(features, scope, "head.rate1", { ...head, dilation: 1, padding: 1 }),
      convBias(features, scope, "head.rate6", { ...head, dilation: 6, padding: 6 }),
    );
  },
};

/** Name, output channels, stride and dilation of each stage. */
const stages: readonly (readonly [string, number, number, number])[] = [
  ["conv1", 16, 2, 1],
  ["conv2", 32, 2, 1],
  ["conv3", 48, 1, 1],
  ["conv4", 48, 1, 2],
  ["conv5", 64, 1, 4],
  ["conv6", 64, 1, 8],
];
