/**
 * ResNet-38, the wide residual network "A1" of Wu, Shen and van den Hengel (2016) at output stride 8: the network of
 * CBST (Zou et al., 2018). Source: `util/symbol/resnet_v2.py` and `symbol.py` of yzou2/CBST, commit 24439a5.
 *
 * Blocks are pre-activated: batch norm and ReLU come before each convolution. There is no pooling. A block that changes
 * its channels or its resolution projects its activated input; the others add their input as it is. The head is two
 * dilated 3×3 convolutions.
 *
 * @module
 */

import { block, type Tensor } from "../../graph/tensor.ts";
import { imagenetPhotographs } from "../image_kind.ts";
import { batchNormLayer, conv, convBias, dropoutLayer } from "../layers.ts";
import type { ModelFamily, ModelOptions } from "../model.ts";
import { groupsWithBiases, type ParameterScope } from "../parameters.ts";
import { wideResnet38Names } from "./wide_resnet38_names.ts";
import { hiddenChannels, type ModelVariant } from "../variant.ts";

/** A convolution inside a block. Its padding is its dilation for 3×3, and 0 for 1×1. */
interface Convolution {
  /** Last part of its name. */
  readonly name: string;
  readonly kernel: 1 | 3;
  readonly channels: number;
  readonly dilation: number;
}

interface Block {
  readonly name: string;
  readonly stride: number;
  /** In the order in which they run; the block's stride is that of the first. */
  readonly convolutions: readonly Convolution[];
  /** Whether the shortcut is a 1×1 convolution of the activated input. */
  readonly isProjected: boolean;
  /** Share of elements that are dropped before the last convolution. */
  readonly dropout: number;
}

/** Added to the variances of batch norms: MXNet's smallest, 1e-5, and a little more, which cuDNN asks for. */
const epsilon = 1.001e-5;

/** A stage of blocks of two 3×3 convolutions. Its blocks are called `2a`, `2b1`, `2b2`, …; only the first projects. */
function stage(
  number: number,
  count: number,
  channels: readonly [number, number],
  options: {
    readonly stride?: number;
    /** Dilation of the first convolution, and of all others. Default 1. */
    readonly dilations?: readonly [number, number];
  },
): Block[] {
  const { stride = 1, dilations: [first, rest] = [1, 1] } = options;
  return Array.from({ length: count }, (_, index) => ({
    name: index === 0 ? `res${number}a` : `res${number}b${index}`,
    stride: index === 0 ? stride : 1,
    convolutions: [
      { name: "branch2a", kernel: 3, channels: channels[0], dilation: index === 0 ? first : rest },
      { name: "branch2b1", kernel: 3, channels: channels[1], dilation: rest },
    ],
    isProjected: index === 0,
    dropout: 0,
  }));
}

/** A bottleneck of a 1×1, a dilated 3×3 and a 1×1 convolution. */
function bottleneck(number: number, channels: readonly [number, number, number], dropout: number): Block {
  const [narrow, middle, wide] = channels;
  return {
    name: `res${number}a`,
    stride: 1,
    convolutions: [
      { name: "branch2a", kernel: 1, channels: narrow, dilation: 1 },
      { name: "branch2b1", kernel: 3, channels: middle, dilation: 4 },
      { name: "branch2b2", kernel: 1, channels: wide, dilation: 1 },
    ],
    isProjected: true,
    dropout,
  };
}

const blocks: readonly Block[] = [
  ...stage(2, 3, [128, 128], { stride: 2 }),
  ...stage(3, 3, [256, 256], { stride: 2 }),
  ...stage(4, 6, [512, 512], { stride: 2 }),
  ...stage(5, 3, [512, 1024], { dilations: [1, 2] }),
  bottleneck(6, [512, 1024, 2048], 0.3),
  bottleneck(7, [1024, 2048, 4096], 0.5),
];

/** Dilation of both convolutions of the head. */
const headDilation = 12;

/** `wideresnet38`: 124,033,363 trained numbers with 19 classes. */
export const wideResnet38Family: ModelFamily = {
  name: "wideresnet38",
  description: "ResNet-38 (A1) of CBST at output stride 8, pre-activated, two dilated 3×3 convolutions as head",
  plain: { width: 1, batchNorm: "affine" },
  build: ({ width, batchNorm }) => ({
    takes: imagenetPhotographs("rgb"),
    sizeMultiple: 8,
    alignCorners: false,
    groups: groupsWithBiases,
    originalNames: wideResnet38Names,
    logits: (images, scope, options) => logits(images, scope, { ...options, width, batchNorm }),
  }),
};

type Options = ModelOptions & Required<Pick<ModelVariant, "width" | "batchNorm">>;

function logits(images: Tensor, scope: ParameterScope, options: Options): Tensor {
  const stem = { channels: hiddenChannels(64, options.width), kernel: 3, padding: 1 };
  const first = block("conv1a", () => conv(images, scope, "conv1a", stem));
  const features = blocks.reduce((x, next) => block(next.name, () => residualBlock(x, scope, next, options)), first);
  const activated = block("bn7", () => activate(features, scope, "bn7", options));
  const hidden = block("conv6a", () => {
    const channels = hiddenChannels(512, options.width);
    return headConvolution(activated, scope, "conv6a", { channels, activation: "relu" });
  });
  return headConvolution(hidden, scope, "linear", { channels: options.classes, activation: "none" });
}

function residualBlock(x: Tensor, scope: ParameterScope, own: Block, options: Options): Tensor {
  const { name, stride, convolutions, isProjected, dropout } = own;
  const input = activate(x, scope, `${name}.branch2a`, options);
  const outputs = hiddenChannels(convolutions.at(-1)?.channels ?? 1, options.width);
  const shortcut = isProjected ? conv(input, scope, `${name}.branch1`, { channels: outputs, kernel: 1, stride }) : x;
  return convolutions.reduce((y, { name: part, channels, kernel, dilation }, index) => {
    const isLast = index === convolutions.length - 1;
    const activated = index === 0 ? y : activate(y, scope, `${name}.${part}`, options);
    const dropped = isLast && dropout > 0 ? dropoutLayer(activated, scope, `${name}.dropout`, dropout) : activated;
    return conv(dropped, scope, `${name}.${part}`, {
      ...{ channels: hiddenChannels(channels, options.width), kernel, dilation },
      ...{ stride: index === 0 ? stride : 1, padding: kernel === 3 ? dilation : 0 },
      residual: isLast ? shortcut : undefined,
    });
  }, input);
}

/** The batch norm and the ReLU before a convolution, under its name. */
function activate(x: Tensor, scope: ParameterScope, name: string, { inference, batchNorm }: Options): Tensor {
  return batchNormLayer(x, scope, name, {
    ...{ activation: "relu", epsilon, inference, betaGroup: "backbone.bias" },
    ...{ trained: batchNorm !== "frozen", statistics: batchNorm === "trained" ? "batch" : "frozen" },
  });
}

function headConvolution(
  x: Tensor,
  scope: ParameterScope,
  name: string,
  options: { readonly channels: number; readonly activation: "relu" | "none" },
): Tensor {
  return convBias(x, scope, name, {
    ...{ ...options, kernel: 3, dilation: headDilation, padding: headDilation },
    // MXNet's Xavier of the released code: gaussian, by the inputs, magnitude 2.
    ...{ deviation: Math.sqrt(2 / (9 * (x.shape[1] ?? 1))), group: "head", biasGroup: "head.bias" },
  });
}
