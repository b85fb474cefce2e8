/**
 * A small DeepLab for the built-in towns, for tests and for learning. It has plain 3×3 convolutions and batch norms
 * with the batch's own statistics, so that it trains from scratch in minutes. A decoder joins two feature maps, as in
 * DeepLabv3+: dilated features at stride 8, which see far, and features at stride 4, which see thin things.
 *
 * @module
 */

import { block, type Tensor } from "../../graph/tensor.ts";
import { concat } from "../../ops/arithmetic/concat.ts";
import { bilinearResize } from "../../ops/resize/bilinear_resize.ts";
import { rgbBytes } from "../image_kind.ts";
import { convBatchNorm, convBias } from "../layers.ts";
import { type Model, type ModelFamily, modelOf, type ModelOptions } from "../model.ts";
import type { ParameterScope } from "../parameters.ts";
import { hiddenChannels } from "../variant.ts";

/** The networks `deeplab-nano`. */
export const deeplabNanoFamily: ModelFamily = {
  name: "deeplab-nano",
  description: "3×3 stages 16, 32, 32 to stride 4 and 64, 64, 64 at stride 8, dilated to 4; DeepLabv3+ decoder of 48",
  plain: { width: 1 },
  build: ({ width }) => ({
    takes: rgbBytes({ scale: [1 / 63.75, 1 / 63.75, 1 / 63.75], shift: [-2, -2, -2] }),
    sizeMultiple: 4,
    alignCorners: false,
    logits: (images, scope, options) => logits(images, scope, { ...options, width }),
  }),
};

/** The plain `deeplab-nano`. */
export const deeplabNano: Model = modelOf(deeplabNanoFamily);

function logits(
  images: Tensor,
  scope: ParameterScope,
  { classes, inference, width }: ModelOptions & { readonly width: number },
): Tensor {
  const stage = (x: Tensor, name: string, channels: number, stride: number, dilation = 1) =>
    block(name, () =>
      convBatchNorm(x, scope, name, {
        ...{ channels: hiddenChannels(channels, width), kernel: 3, stride, dilation, padding: "same" },
        ...{ activation: "relu", epsilon: 1e-3, inference, statistics: "batch" },
      }));
  const fine = stage(stage(stage(images, "conv1", 16, 2), "conv2", 32, 2), "conv3", 32, 1);
  const coarse = stage(stage(stage(fine, "conv4", 64, 2), "conv5", 64, 1, 2), "conv6", 64, 1, 4);
  const [, , rows = 1, columns = 1] = fine.shape;
  const joined = stage(concat([fine, bilinearResize(coarse, { height: rows, width: columns })]), "decoder", 48, 1);
  return convBias(joined, scope, "head", { channels: classes, kernel: 1, deviation: 0.01, group: "head" });
}
