/**
 * A residual DeepLab of ten blocks at output stride 8: the reference network of `bench step` and `tune`. No option can
 * name it for training. Its layers are listed in `residual_layers.ts`.
 *
 * @module
 */

import { rgbBytes } from "../image_kind.ts";
import type { Model } from "../model.ts";
import { block, type Tensor } from "../../graph/tensor.ts";
import { add } from "../../ops/arithmetic/add.ts";
import { convBatchNorm, convBias } from "../layers.ts";
import type { ParameterScope } from "../parameters.ts";
import { epsilon, headRates, type ReferenceBlock, type ReferenceLayer, stages, stem } from "./residual_layers.ts";

/**
 * From images `[N, 3, H, W]` to logits `[N, classes, H / 8, W / 8]`. With `inference`, batch norms are folded into the
 * convolutions. Each layer of the stem and each stage is a block for recomputation.
 */
export function residualDeeplabLogits(
  images: Tensor,
  scope: ParameterScope,
  inference: boolean,
  classes: number,
): Tensor {
  const normalized = (x: Tensor, layer: ReferenceLayer, activation: "relu" | "none", residual?: Tensor) =>
    convBatchNorm(x, scope, layer.name, {
      ...layer,
      ...{ padding: layer.kernel === 3 ? layer.dilation : 0, activation, epsilon: epsilon },
      ...{ inference, statistics: "batch", ...(residual === undefined ? {} : { residual }) },
    });
  const residualBlock = (x: Tensor, { first, second, projection }: ReferenceBlock) => {
    const y = normalized(x, first, "relu");
    return normalized(y, second, "relu", projection === undefined ? x : normalized(x, projection, "none"));
  };
  const fine = stem.reduce((x, layer) => block(layer.name, () => normalized(x, layer, "relu")), images);
  const features = stages.reduce((x, { name, blocks }) => block(name, () => blocks.reduce(residualBlock, x)), fine);
  return headRates
    .map((rate): Tensor =>
      convBias(features, scope, `head.rate${rate}`, {
        ...{ channels: classes, kernel: 3, dilation: rate, padding: rate, deviation: 0, group: "head" },
      })
    )
    .reduce((sum, branch) => add(sum, branch));
}

/** The same as a model. It is in no list, so that options and weight files do not know it. */
export const residualDeeplab: Model = {
  name: "residual-deeplab",
  description: "ten residual blocks at output stride 8, DeepLabv2 head",
  takes: rgbBytes({ scale: [1 / 63.75, 1 / 63.75, 1 / 63.75], shift: [-2, -2, -2] }),
  sizeMultiple: 16,
  alignCorners: false,
  logits: (images, scope, { classes, inference }) => residualDeeplabLogits(images, scope, inference, classes),
};
