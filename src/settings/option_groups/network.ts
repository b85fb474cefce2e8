/**
 * The network: which one, its weights, its variant.
 *
 * @module
 */

import { models } from "../../nn/models/mod.ts";
import { inputBounds, variantChoices, widthBounds } from "../../nn/variant.ts";
import { labelSetNames } from "../../data/label_set_names.ts";
import { adapting, type OptionShape, training, weighing } from "../option_shape.ts";

/** What names a label set. */
const setTexts = `${labelSetNames.join(", ")}, or a JSON file such as a dataset.json`;
const modelNames = models.map(({ name }) => name);
/** Commands that take a network from a weight file say which it is only where the file does not. */
const fromFile = {
  default: "auto",
  choices: ["auto", ...modelNames],
  help: "network of a weight file that does not name it; auto finds it by the names of the tensors",
} as const;
const weightFileHelp = {
  help: "weight file of the network: safetensors, PyTorch's .pth, .pt, .th, or MXNet's .params",
};

/** The options of this group. */
// deno-fmt-ignore
export const networkOptions = [
  { key: "weights", group: "network", kind: "path", commands: weighing,
    differs: { evaluate: weightFileHelp, predict: weightFileHelp, "rank-images": weightFileHelp,
      convert: { help: "weight file to read" }, export: weightFileHelp },
    help: "weight file to start the backbone from, ours, PyTorch's or MXNet's; without it, random weights" },
  { key: "source-model", group: "network", kind: "path", commands: [...adapting, "export"],
    differs: { export: { help: "weight file of the network before adaptation, to compare with; without it, source.safetensors beside --weights where there is one" } },
    help: "weight file of a trained source network, ours, PyTorch's or MXNet's; self-training starts at once" },
  { key: "backbone-only", group: "network", kind: "flag", default: false, commands: [...training, "convert"],
    differs: { convert: { help: "leave out the head" } },
    help: "take from --weights what fits the backbone, and draw the rest and the head anew" },
  { key: "label-set", group: "network", kind: "path", words: labelSetNames, commands: weighing,
    differs: {
      evaluate: { help: `classes to score in, and those of a weight file that does not name them: ${setTexts}` },
      predict: { help: `classes of the labels, into which the network's are merged, and those of a weight file that does not name them: ${setTexts}` },
      "rank-images": { help: `classes of a weight file that does not name them: ${setTexts}` },
      convert: { help: `classes of a weight file that does not name them: ${setTexts}` },
      export: { help: `classes of the labels, into which the network's are merged, and those of a weight file that does not name them: ${setTexts}` },
    },
    help: `classes to learn and to score in, and those of a weight file that does not name them: ${setTexts}; labels of other known sets are translated` },
  { key: "classes", group: "network", kind: "integer", default: 19, minimum: 1, maximum: 255, commands: ["tune", "bench"],
    help: "number of classes of the network" },
  { key: "model", group: "network", kind: "text", default: "deeplab-mobilenet", choices: modelNames,
    commands: [...weighing, "tune"],
    differs: { evaluate: fromFile, predict: fromFile, "rank-images": fromFile, convert: fromFile, export: fromFile },
    help: "network" },
  { key: "width", group: "network", kind: "number", minimum: widthBounds.minimum, maximum: widthBounds.maximum,
    commands: [...weighing, "tune", "bench"],
    help: "factor on the network's hidden channels, rounded to multiples of 4, at least 4; without it, 1" },
  { key: "batch-norm", group: "network", kind: "text", choices: variantChoices.batchNorm,
    commands: [...training, "tune", "bench"],
    help: "what of batch norms is trained: nothing (frozen), scale and shift (affine), or these with the statistics of " +
      "the batch (trained); without it, as the network's paper does" },
  { key: "heads", group: "network", kind: "text", choices: variantChoices.heads, commands: [...weighing, "tune", "bench"],
    help: "DeepLabv2: heads in the weights, of which the last gives the labels; without it, layer5" },
  { key: "branches", group: "network", kind: "integer", minimum: 1, maximum: 4, commands: [...weighing, "tune", "bench"],
    help: "DeepLabv2: branches of a head that are summed, 4 or (weights of AdaptSegNet) 2; without it, 4" },
  { key: "colors", group: "network", kind: "text", choices: variantChoices.colors, commands: [...weighing, "tune", "bench"],
    help: "how images are normalised: rgb (torchvision's weights) or caffe (blue first, Caffe's mean)" },
  { key: "stride-in", group: "network", kind: "text", choices: variantChoices.strideIn,
    commands: [...weighing, "tune", "bench"],
    help: "ResNets: the convolution of a block that has its stride, the first (1x1) or the second (3x3); without it, 1x1" },
  { key: "skip-scale", group: "network", kind: "text", choices: ["on", "off"], commands: [...weighing, "tune", "bench"],
    help: "FCN8s: whether to scale what skips the deepest layers, by 0.01 and 0.0001; without it, on" },
  { key: "inputs", group: "network", kind: "integer", minimum: inputBounds.minimum, maximum: inputBounds.maximum,
    commands: [...weighing, "tune", "bench"],
    help: "FIDNet: channels of a range image; of scans 6, or 5 without the channel that tells whether there is a point" },
  { key: "scaling", group: "network", kind: "text", choices: variantChoices.scaling,
    commands: [...weighing, "tune", "bench"],
    help: "FIDNet: channels of a scan divided by what they usually are (scaled), or as they are (raw); without it, as the weights say, else raw for scans of nuScenes and scaled for others" },
  { key: "dtype", group: "network", kind: "text", default: "f32", choices: ["f16", "f32"], commands: ["export"],
    help: "type of the numbers in the page's weight files: f16 halves them; it computes in 32 bits either way" },
] as const satisfies readonly OptionShape[];
