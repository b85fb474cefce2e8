/**
 * DeepLabv2 on ResNets, at output stride 8 (Chen et al., 2017; He et al., 2016): the networks of CRST and of the
 * AdaptSegNet family.
 *
 * A ResNet has a stem and four layers of residual blocks. Layers 3 and 4 keep the resolution; in the place of their
 * strides come the dilations 2 and 4. The head sums 3×3 convolutions of four dilations on the last feature map.
 *
 * Source: `deeplab/model.py` of github.com/yzou2/CRST (f7e4df0), checked line by line. It puts the stride of a
 * bottleneck on the first 1×1 and pools in ceil mode. It has no ResNet-18: that one is ours, torchvision's basic block
 * with its stride on the first 3×3 and the dilation on both.
 *
 * @module
 */

import { block, type Tensor } from "../../graph/tensor.ts";
import { maxPool2d } from "../../ops/pool/max_pool2d.ts";
import { imagenetPhotographs } from "../image_kind.ts";
import { convBatchNorm, convBias } from "../layers.ts";
import type { ModelFamily, ModelOptions } from "../model.ts";
import { groupsWithBiases, type ParameterScope } from "../parameters.ts";
import type { Activation } from "../../ops/activation/kind.ts";
import { deeplabv2ResnetNames, headRates } from "./deeplabv2_resnet_names.ts";
import { hiddenChannels, type ModelVariant } from "../variant.ts";

/** A ResNet: how many blocks each of its layers has, and whether they are bottlenecks. */
interface ResNet {
  readonly blocks: readonly [number, number, number, number];
  readonly isBottleneck: boolean;
}

/** Channels inside the blocks of each layer, stride of the first block, and dilation of all. */
const layers = [
  { channels: 64, stride: 1, dilation: 1 },
  { channels: 128, stride: 2, dilation: 1 },
  { channels: 256, stride: 1, dilation: 2 },
  { channels: 512, stride: 1, dilation: 4 },
] as const;
/** A bottleneck has this many times as many channels outside as inside. */
const expansion = 4;

/** `deeplabv2-resnet101`: 43,901,068 parameters of 19 classes, of which 43,795,724 are trained. */
export const deeplabv2Resnet101: ModelFamily = family(101, { blocks: [3, 4, 23, 3], isBottleneck: true });
/** `deeplabv2-resnet50`. */
export const deeplabv2Resnet50: ModelFamily = family(50, { blocks: [3, 4, 6, 3], isBottleneck: true });
/** `deeplabv2-resnet18`. */
export const deeplabv2Resnet18: ModelFamily = family(18, { blocks: [2, 2, 2, 2], isBottleneck: false });

function family(depth: number, resnet: ResNet): ModelFamily {
  return {
    name: `deeplabv2-resnet${depth}`,
    description: `ResNet-${depth} at output stride 8, DeepLabv2 head (rates ${headRates.join(", ")})`,
    plain: {
      ...{ width: 1, batchNorm: "frozen", heads: "layer5", branches: 4, colors: "rgb" },
      ...(resnet.isBottleneck ? { strideIn: "1x1" } : {}),
    },
    build: (variant) => ({
      takes: imagenetPhotographs(variant.colors),
      sizeMultiple: 1,
      groups: groupsWithBiases,
      alignCorners: true,
      originalNames: deeplabv2ResnetNames,
      logits: (images, scope, options) => new Trace(scope, { ...options, resnet, variant }).logits(images),
    }),
  };
}

interface TraceOptions extends ModelOptions {
  readonly resnet: ResNet;
  readonly variant: Required<ModelVariant>;
}

/** What differs between the convolutions of a block. */
interface Convolution {
  readonly channels: number;
  readonly kernel: 1 | 3 | 7;
  readonly stride?: number;
  readonly dilation?: number;
  readonly activation: Activation;
  readonly residual?: Tensor;
  readonly gain?: number;
}

/** One trace of the network. */
class Trace {
  constructor(readonly scope: ParameterScope, readonly options: TraceOptions) {}

  logits(images: Tensor): Tensor {
    const { resnet, variant: { heads } } = this.options;
    let x = block("conv1", () => {
      const stem = { channels: this.#hidden(64), kernel: 7, stride: 2, activation: "relu" } as const;
      return maxPool2d(this.#convolution(images, "conv1", stem), { kernel: 3, stride: 2, padding: 1, ceilMode: true });
    });
    for (const [layer, count] of resnet.blocks.entries()) {
      const isLast = layer === resnet.blocks.length - 1;
      if (isLast && heads === "layer5+layer6") this.#unusedHead(x.shape[1] ?? 1);
      for (let index = 0; index < count; index++) {
        const name = `layer${layer + 1}.${index}`;
        x = block(name, () => this.#block(x, name, layer, index === 0));
      }
    }
    const head = heads === "layer5" ? "layer5" : "layer6";
    return block(head, () => this.#head(x, head));
  }

  /** A residual block. The shortcut is a 1×1 convolution where the first block of a layer changes the shape. */
  #block(x: Tensor, name: string, layer: number, isFirst: boolean): Tensor {
    const { channels: inside = 1, stride: step = 1, dilation = 1 } = layers[layer] ?? {};
    const { isBottleneck, blocks } = this.options.resnet;
    const channels = this.#hidden(inside);
    const outside = isBottleneck ? this.#hidden(inside * expansion) : channels;
    const stride = isFirst ? step : 1;
    const changes = isFirst && (isBottleneck || layer > 0);
    const residual = changes
      ? this.#convolution(x, `${name}.downsample`, { channels: outside, kernel: 1, stride, activation: "none" })
      : x;
    // A frozen batch norm does not normalise random weights. What n blocks add to the shortcuts is as large in all as one
    // of them, or the features would double in each of 33 blocks.
    const last = {
      activation: "relu",
      residual,
      gain: 1 / Math.sqrt(blocks.reduce((sum, count) => sum + count)),
    } as const;
    const atFirst = !isBottleneck || this.options.variant.strideIn === "1x1";
    const first = { channels, stride: atFirst ? stride : 1, activation: "relu" } as const;
    const second = { channels, kernel: 3, dilation, stride: atFirst ? 1 : stride } as const;
    if (!isBottleneck) {
      const y = this.#convolution(x, `${name}.conv1`, { ...first, kernel: 3, dilation });
      return this.#convolution(y, `${name}.conv2`, { ...second, ...last });
    }
    const y = this.#convolution(x, `${name}.conv1`, { ...first, kernel: 1 });
    const z = this.#convolution(y, `${name}.conv2`, { ...second, activation: "relu" });
    return this.#convolution(z, `${name}.conv3`, { channels: outside, kernel: 1, ...last });
  }

  #convolution(x: Tensor, name: string, { kernel, dilation = 1, residual, ...others }: Convolution): Tensor {
    const { inference, variant: { batchNorm } } = this.options;
    return convBatchNorm(x, this.scope, name, {
      ...{ ...others, kernel, dilation, padding: (kernel - 1) / 2 * dilation, epsilon: 1e-5, inference },
      ...{ trained: batchNorm !== "frozen", statistics: batchNorm === "trained" ? "batch" : "frozen" },
      ...{ betaGroup: "backbone.bias", ...(residual === undefined ? {} : { residual }) },
    });
  }

  /** The sum of the branches. Those that are not summed have weights all the same, since weight files hold them. */
  #head(x: Tensor, name: string): Tensor {
    const { classes, variant: { branches } } = this.options;
    const inputs = x.shape[1] ?? 1;
    let sum: Tensor | undefined;
    for (const [index, rate] of headRates.entries()) {
      if (index >= branches) {
        this.#unusedBranch(name, rate, inputs);
        continue;
      }
      sum = convBias(x, this.scope, `${name}.rate${rate}`, {
        ...{ channels: classes, kernel: 3, dilation: rate, padding: rate },
        // The released code draws weights from N(0, 0.01) and leaves the biases as PyTorch draws them.
        ...{ deviation: 0.01, biasBound: 1 / Math.sqrt(9 * inputs), group: "head", biasGroup: "head.bias" },
        residual: sum,
      });
    }
    return sum ?? x;
  }

  /** A head that weight files hold and that gives no logits. */
  #unusedHead(inputs: number): void {
    for (const rate of headRates) this.#unusedBranch("layer5", rate, inputs);
  }

  #unusedBranch(head: string, rate: number, inputs: number): void {
    const { scope, options: { classes } } = this;
    scope.parameter(`${head}.rate${rate}.weight`, [classes, inputs, 3, 3], {
      ...{ layout: "convolution", initial: { deviation: 0.01 }, group: "head", trainable: false },
    });
    scope.parameter(`${head}.rate${rate}.bias`, [classes], {
      ...{ layout: "channels", initial: { bound: 1 / Math.sqrt(9 * inputs) }, group: "head.bias", trainable: false },
    });
  }

  #hidden(channels: number): number {
    return hiddenChannels(channels, this.options.variant.width);
  }
}
