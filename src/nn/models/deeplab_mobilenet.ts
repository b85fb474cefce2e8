/**
 * DeepLab on MobileNet v1 of width 0.75 (Howard et al., 2017), at output stride 8.
 *
 * Blocks 6 and 12 keep the resolution. In the place of their stride comes a dilation, which starts in the next block.
 * The head is DeepLabv2's (Chen et al., 2017): 3×3 convolutions of several dilations on the last feature map, whose
 * results are added.
 *
 * @module
 */

import { block, type Tensor } from "../../graph/tensor.ts";
import { add } from "../../ops/arithmetic/add.ts";
import { rgbBytes } from "../image_kind.ts";
import { convBatchNorm, convBias } from "../layers.ts";
import type { ModelFamily, ModelOptions } from "../model.ts";
import type { ParameterScope } from "../parameters.ts";
import { hiddenChannels } from "../variant.ts";

interface Block {
  /** Output channels of the pointwise convolution. */
  readonly channels: number;
  /** Stride and dilation of the depthwise convolution. */
  readonly stride: number;
  readonly dilation: number;
}

const blocks: readonly Block[] = [
  { channels: 48, stride: 1, dilation: 1 },
  { channels: 96, stride: 2, dilation: 1 },
  { channels: 96, stride: 1, dilation: 1 },
  { channels: 192, stride: 2, dilation: 1 },
  { channels: 192, stride: 1, dilation: 1 },
  { channels: 384, stride: 1, dilation: 1 },
  { channels: 384, stride: 1, dilation: 2 },
  { channels: 384, stride: 1, dilation: 2 },
  { channels: 384, stride: 1, dilation: 2 },
  { channels: 384, stride: 1, dilation: 2 },
  { channels: 384, stride: 1, dilation: 2 },
  { channels: 768, stride: 1, dilation: 2 },
  { channels: 768, stride: 1, dilation: 4 },
];

const rates = [6, 12, 18];

/** `deeplab-mobilenet`: 1,961,733 trained numbers with 7 classes. */
export const deeplabMobilenetFamily: ModelFamily = {
  name: "deeplab-mobilenet",
  description: "MobileNet v1 0.75 at output stride 8, DeepLabv2 head (rates 6, 12, 18)",
  plain: { width: 1 },
  build: ({ width }) => ({
    takes: rgbBytes({ scale: [1 / 127.5, 1 / 127.5, 1 / 127.5], shift: [-1, -1, -1] }),
    sizeMultiple: 8,
    alignCorners: false,
    logits: (images, scope, options) => logits(images, scope, { ...options, width }),
  }),
};

function logits(
  images: Tensor,
  scope: ParameterScope,
  { classes, inference, width }: ModelOptions & { readonly width: number },
): Tensor {
  const shared = { activation: "relu6", epsilon: 1e-3, inference } as const;
  const first = { channels: hiddenChannels(24, width), kernel: 3, stride: 2, padding: "same" } as const;
  let x = block("conv1", () => convBatchNorm(images, scope, "conv1", { ...shared, ...first }));
  for (const [index, { channels, stride, dilation }] of blocks.entries()) {
    const name = `block${index + 1}`;
    x = block(name, () => {
      const depthwise = convBatchNorm(x, scope, `${name}.dw`, {
        ...{ ...shared, channels: x.shape[1] ?? 1, kernel: 3, depthwise: true },
        ...{ stride, dilation, padding: "same" },
      });
      const pointwise = { channels: hiddenChannels(channels, width), kernel: 1 };
      return convBatchNorm(depthwise, scope, `${name}.pw`, { ...shared, ...pointwise });
    });
  }
  return rates
    .map((rate): Tensor =>
      convBias(x, scope, `head.rate${rate}`, {
        ...{ channels: classes, kernel: 3, dilation: rate, padding: rate },
        ...{ deviation: 0.01, group: "head" },
      })
    )
    .reduce((sum, branch) => add(sum, branch));
}
