/**
 * The network: which one, its weights, its variant.
 *
 * @module
 */

import { models } from "../../nn/models/mod.ts";
import { variantChoices, widthBounds } from "../../nn/variant.ts";
import { adapting, networks, type OptionShape, training } from "../option_shape.ts";

/** The options of this group. */
// deno-fmt-ignore
export const networkOptions = [
  { key: "weights", group: "network", kind: "path", commands: networks,
    differs: { evaluate: { help: "weight file of the network" }, predict: { help: "weight file of the network" } },
    help: "weight file to start the backbone from; without it, random weights" },
  { key: "source-model", group: "network", kind: "path", commands: adapting,
    help: "weight file of a trained source network; self-training starts at once" },
  { key: "classes", group: "network", kind: "integer", default: 19, minimum: 1, maximum: 255, commands: ["tune"],
    help: "number of classes of the network" },
  { key: "model", group: "network", kind: "text", default: "deeplab-mobilenet", choices: models.map(({ name }) => name),
    commands: [...training, "tune"],
    help: "network" },
  { key: "width", group: "network", kind: "number", minimum: widthBounds.minimum, maximum: widthBounds.maximum,
    commands: [...training, "tune"],
    help: "factor on the network's hidden channels, rounded to multiples of 4, at least 4; without it, 1" },
  { key: "batch-norm", group: "network", kind: "text", choices: variantChoices.batchNorm,
    commands: [...training, "tune"],
    help: "what of batch norms is trained: nothing (frozen), scale and shift (affine), or these with the statistics of " +
      "the batch (trained); without it, as the network's paper does" },
  { key: "heads", group: "network", kind: "text", choices: variantChoices.heads, commands: [...training, "tune"],
    help: "DeepLabv2: heads in the weights, of which the last gives the labels; without it, layer5" },
  { key: "branches", group: "network", kind: "integer", minimum: 1, maximum: 4, commands: [...training, "tune"],
    help: "DeepLabv2: branches of a head that are summed, 4 or (weights of AdaptSegNet) 2; without it, 4" },
  { key: "colors", group: "network", kind: "text", choices: variantChoices.colors, commands: [...training, "tune"],
    help: "how images are normalised: rgb (torchvision's weights) or caffe (blue first, Caffe's mean)" },
  { key: "stride-in", group: "network", kind: "text", choices: variantChoices.strideIn,
    commands: [...training, "tune"],
    help: "ResNets: the convolution of a block that has its stride, the first (1x1) or the second (3x3); without it, 1x1" },
  { key: "skip-scale", group: "network", kind: "text", choices: ["on", "off"], commands: [...training, "tune"],
    help: "FCN8s: whether to scale what skips the deepest layers, by 0.01 and 0.0001; without it, on" },
] as const satisfies readonly OptionShape[];
