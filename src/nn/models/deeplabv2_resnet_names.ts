/**
 * The names of the ResNets' parameters in files of CRST, of the AdaptSegNet family and of torchvision.
 *
 * @module
 */

import type { OriginalNames } from "../original_names.ts";

/** Dilations of the convolutions of a head, whose results are summed. */
export const headRates: readonly number[] = [6, 12, 18, 24];

/** What torchvision calls the parts of a batch norm. */
const normParts: Readonly<Record<string, string>> = {
  gamma: "weight",
  beta: "bias",
  mean: "running_mean",
  var: "running_var",
};

/** Files of networks with a head, and of torchvision's backbones. */
export const deeplabv2ResnetNames: readonly OriginalNames[] = [
  {
    family: "CRST",
    source: "github.com/yzou2/CRST, f7e4df0, deeplab/model.py",
    note: "Networks of AdaptSegNet's family with one head have the same names, and see blue first",
    original: (ours) => ({ name: headName(ours) ?? backboneName(ours) }),
    ignored: isCounter,
  },
  {
    family: "AdaptSegNet with two heads",
    source: "github.com/wasidennis/AdaptSegNet, fca9ff0, model/deeplab_multi.py",
    variant: { heads: "layer5+layer6", branches: 2, colors: "caffe" },
    note: "Networks of ADVENT with two heads have the same names, and sum four branches",
    original: (ours) => ({ name: headName(ours) ?? backboneName(ours) }),
    ignored: isCounter,
  },
  {
    family: "Caffe's ResNet",
    source: "github.com/wasidennis/AdaptSegNet, fca9ff0, train_gta2cityscapes_multi.py",
    prefix: "Scale.",
    variant: { colors: "caffe" },
    original: (ours) => ({ name: headName(ours) ?? backboneName(ours) }),
    ignored: isCounter,
  },
  {
    family: "torchvision",
    source: "github.com/pytorch/vision, torchvision/models/resnet.py",
    original: (ours) => headName(ours) === null ? { name: backboneName(ours) } : null,
    ignored: isCounter,
  },
];

/** Batch norms of PyTorch count batches. Nothing depends on it. */
function isCounter(name: string): boolean {
  return name.endsWith(".num_batches_tracked");
}

/** `layer5.rate12.bias` is `layer5.conv2d_list.1.bias`; `null` for parameters of the backbone. */
function headName(ours: string): string | null {
  const [, head, rate, part] = /^(layer[56])\.rate(\d+)\.(weight|bias)$/.exec(ours) ?? [];
  return head === undefined ? null : `${head}.conv2d_list.${headRates.indexOf(Number(rate))}.${part}`;
}

/**
 * `layer1.0.conv2.weight` has the same name, `layer1.0.conv2.bn.gamma` is `layer1.0.bn2.weight`. A shortcut is a
 * sequence: `….downsample.weight` is `….downsample.0.weight`, its batch norm `….downsample.1`.
 */
function backboneName(ours: string): string {
  const [, layer = ours, part] = /^(.*)\.bn\.(gamma|beta|mean|var)$/.exec(ours) ?? [];
  if (part === undefined) return ours.replace(/\.downsample\.weight$/, ".downsample.0.weight");
  const norm = layer.endsWith(".downsample") ? `${layer}.1` : layer.replace(/conv(\d)$/, "bn$1");
  return `${norm}.${normParts[part]}`;
}
