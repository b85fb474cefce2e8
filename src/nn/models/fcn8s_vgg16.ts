/**
 * FCN8s on VGG16 (Shelhamer, Long and Darrell, 2017). Sources, which agree to the pixel: `voc-fcn8s-atonce/net.py` of
 * shelhamer/fcn.berkeleyvision.org, commit 1305c73; `fcn8s.py` of wkentaro/pytorch-fcn, commit 4b98850; `fcn8s.py` of
 * jhoffman/cycada_release, commit e04d72f.
 *
 * The first convolution pads by 100 pixels, so that images of any size give a score map. Three score maps, at strides
 * 32, 16 and 8, are enlarged by fixed bilinear transposed convolutions, cropped to each other and added. The logits have
 * the size of the image. Labels and scores are made from the map at stride 8, a 64th of their numbers.
 *
 * Dropout drops whole channels, as in pytorch-fcn and cycada, whose networks stand beside CBST's in published tables.
 * Caffe's drops single values.
 *
 * @module
 */

import { block, type Tensor } from "../../graph/tensor.ts";
import { add } from "../../ops/arithmetic/add.ts";
import { crop, type CropOptions } from "../../ops/arithmetic/crop.ts";
import { scale } from "../../ops/arithmetic/scale.ts";
import { maxPool2d } from "../../ops/pool/max_pool2d.ts";
import { bilinearResize } from "../../ops/resize/bilinear_resize.ts";
import { imagenetPhotographs } from "../image_kind.ts";
import { convBias, dropoutLayer } from "../layers.ts";
import type { ModelFamily, ModelOptions } from "../model.ts";
import { groupsWithBiases, type ParameterScope } from "../parameters.ts";
import { fcn8sVgg16Names } from "./fcn8s_vgg16_names.ts";
import { hiddenChannels, type ModelVariant } from "../variant.ts";

/** Convolutions and output channels of VGG16's five stages. A pooling ends each. */
const stages: readonly { readonly convolutions: number; readonly channels: number }[] = [
  { convolutions: 2, channels: 64 },
  { convolutions: 2, channels: 128 },
  { convolutions: 3, channels: 256 },
  { convolutions: 3, channels: 512 },
  { convolutions: 3, channels: 512 },
];
/** Padding of the first convolution. */
const firstPadding = 100;
/** Channels of fc6 and fc7, the fully connected layers as convolutions. */
const fullChannels = 4096;
/** Where the windows of the skips and of the logits begin, in both axes. */
const [pool4Offset, pool3Offset, logitsOffset] = [5, 9, 31];
/** Factors on the features of the skips. They bring the gradients of all three scores to one magnitude. */
const [pool4Scale, pool3Scale] = [0.01, 0.0001];

/** `fcn8s-vgg16`: 134,353,017 trained numbers with 19 classes. */
export const fcn8sVgg16Family: ModelFamily = {
  name: "fcn8s-vgg16",
  description: "FCN8s on VGG16, logits of the image's size",
  plain: { width: 1, colors: "caffe", skipScale: true },
  build: ({ width, colors, skipScale }) => ({
    takes: imagenetPhotographs(colors),
    sizeMultiple: 1,
    alignCorners: false,
    scoreMap: { stride: 8, offset: logitsOffset + 8 / 2 },
    groups: groupsWithBiases,
    originalNames: fcn8sVgg16Names,
    logits: (images, scope, options) => logits(images, scope, { ...options, width, skipScale }),
  }),
};

type Options = ModelOptions & Required<Pick<ModelVariant, "width" | "skipScale">>;

function logits(images: Tensor, scope: ParameterScope, options: Options): Tensor {
  const [, , height = 1, width = 1] = images.shape;
  const [, , pool3 = images, pool4 = images, pool5 = images] = poolings(images, scope, options.width);
  const at32 = block("score_fr", () => score(fullyConnected(pool5, scope, options.width), scope, "score_fr", options));
  const at16 = block("score_pool4", () => {
    const scaled = options.skipScale ? scale(pool4, pool4Scale) : pool4;
    return joined(enlarge(at32, 2), score(scaled, scope, "score_pool4", options), pool4Offset);
  });
  const at8 = block("score_pool3", () => {
    const scaled = options.skipScale ? scale(pool3, pool3Scale) : pool3;
    return joined(enlarge(at16, 2), score(scaled, scope, "score_pool3", options), pool3Offset);
  });
  if (options.scoreMap === true) return bordered(at8);
  return block("upscore8", () => enlarge(at8, 8, { top: logitsOffset, left: logitsOffset, height, width }));
}

/** The feature maps after each stage's pooling. Those of odd sides are pooled in ceil mode. */
function poolings(images: Tensor, scope: ParameterScope, width: number): Tensor[] {
  const results: Tensor[] = [];
  for (const [stage, { convolutions, channels }] of stages.entries()) {
    const name = `conv${stage + 1}`;
    results.push(block(name, () => {
      let x = results[stage - 1] ?? images;
      for (let index = 0; index < convolutions; index++) {
        const padding = stage === 0 && index === 0 ? firstPadding : 1;
        x = activated(x, scope, `${name}_${index + 1}`, {
          channels: hiddenChannels(channels, width),
          kernel: 3,
          padding,
        });
      }
      return maxPool2d(x, { kernel: 2, ceilMode: true });
    }));
  }
  return results;
}

/** fc6 and fc7. Their activations are a block each: they are small, and their weights are not. */
function fullyConnected(x: Tensor, scope: ParameterScope, width: number): Tensor {
  const channels = hiddenChannels(fullChannels, width);
  const layers = [{ name: "fc6", kernel: 7 }, { name: "fc7", kernel: 1 }];
  return layers.reduce((x, { name, kernel }) => {
    const y = activated(x, scope, name, { channels, kernel, padding: 0 });
    return dropoutLayer(y, scope, `${name}.dropout`, 0.5, "channels");
  }, x);
}

/** Convolution with bias → ReLU. */
function activated(
  x: Tensor,
  scope: ParameterScope,
  name: string,
  options: { readonly channels: number; readonly kernel: number; readonly padding: number },
): Tensor {
  const inputs = x.shape[1] ?? 1;
  const deviation = Math.sqrt(2 / (inputs * options.kernel ** 2));
  return convBias(x, scope, name, { ...options, deviation, activation: "relu", biasGroup: "backbone.bias" });
}

/** A 1×1 convolution to scores, which start at 0. */
function score(x: Tensor, scope: ParameterScope, name: string, { classes }: Options): Tensor {
  const groups = { group: "head", biasGroup: "head.bias" };
  return convBias(x, scope, name, { channels: classes, kernel: 1, deviation: 0, ...groups });
}

/** The sum of enlarged scores and of the window of a skip's scores that lies under them. */
function joined(scores: Tensor, skip: Tensor, offset: number): Tensor {
  const [, , height = 1, width = 1] = scores.shape;
  return add(scores, crop(skip, { top: offset, left: offset, height, width }));
}

/**
 * The transposed convolution of each channel with stride s = `factor` and the bilinear kernel of 2s × 2s taps, (1 −
 * |y − c| / s)(1 − |x − c| / s) with c = s − ½: `[N, C, H, W]` → `[N, C, (H + 1)s, (W + 1)s]`. The kernel is fixed and
 * has no parameter.
 *
 * An output pixel is the mean of its four nearest inputs, by nearness, where the input is 0 outside of the image. So it
 * is a resize of the image with a border of zeros, less the half pixels of this border.
 *
 * @param view the part of the result that is returned. Default: all.
 */
function enlarge(x: Tensor, factor: number, view?: CropOptions): Tensor {
  const [, , rows = 1, columns = 1] = x.shape;
  const enlarged = bilinearResize(bordered(x), { height: (rows + 2) * factor, width: (columns + 2) * factor });
  const half = factor / 2;
  const { top, left, height, width } = view ??
    { top: 0, left: 0, height: (rows + 1) * factor, width: (columns + 1) * factor };
  return crop(enlarged, { top: top + half, left: left + half, height, width });
}

/** The scores with a border of zeros, one wide. */
function bordered(x: Tensor): Tensor {
  const [, , rows = 1, columns = 1] = x.shape;
  return crop(x, { top: -1, left: -1, height: rows + 2, width: columns + 2 });
}
