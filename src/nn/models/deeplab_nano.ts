/**
 * A small DeepLab for the built-in towns, for tests and for learning: four stages of depthwise-separable convolutions
 * at output stride 4, a dilated stage for context, and a DeepLabv2 head of two rates. It trains from scratch in minutes.
 *
 * @module
 */

import { add } from "../../ops/arithmetic/add.ts";
import { convBatchNorm, convBias } from "../layers.ts";
import type { Model } from "../model.ts";

/** `deeplab-nano`. */
export const deeplabNano: Model = {
  name: "deeplab-nano",
  description: "depthwise-separable stages 16, 32, 64, 64, 96 at output stride 4, DeepLabv2 head (rates 1, 6)",
  outputStride: 4,
  normalization: { scale: [1 / 127.5, 1 / 127.5, 1 / 127.5], shift: [-1, -1, -1] },
  alignCorners: false,
  logits(images, scope, { classes, inference }) {
    const shared = { activation: "relu6", epsilon: 1e-3, inference } as const;
    let x = convBatchNorm(images, scope, "conv1", { ...shared, channels: 16, kernel: 3, stride: 2, padding: "same" });
    for (const [name, channels, stride, dilation] of stages) {
      const depthwise = { ...shared, channels: x.shape[1] ?? 1, kernel: 3, depthwise: true };
      x = convBatchNorm(x, scope, `${name}.dw`, { ...depthwise, stride, dilation, padding: "same" });
      x = convBatchNorm(x, scope, `${name}.pw`, { ...shared, channels, kernel: 1 });
    }
    const head = { channels: classes, kernel: 3, deviation: 0.01, group: "head" } as const;
    return add(
      convBias(x, scope, "head.rate1", { ...head, dilation: 1, padding: 1 }),
      convBias(x, scope, "head.rate6", { ...head, dilation: 6, padding: 6 }),
    );
  },
};

/** Name, output channels, stride and dilation of each stage. */
const stages: readonly (readonly [string, number, number, number])[] = [
  ["stage1", 32, 2, 1],
  ["stage2", 64, 1, 1],
  ["stage3", 64, 1, 2],
  ["stage4", 64, 1, 4],
  ["stage5", 96, 1, 8],
];
