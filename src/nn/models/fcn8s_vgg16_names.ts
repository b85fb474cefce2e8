/**
 * The names of FCN8s' parameters in files of pytorch-fcn and CyCADA, and those of its backbone in torchvision's VGG16.
 *
 * @module
 */

import type { ParameterValues } from "../../formats/safetensors.ts";
import type { OriginalNames, OriginalScope, OriginalTensor } from "../original_names.ts";

/** Places of the convolutions in torchvision's list of layers, in which each ReLU and each pooling has a place too. */
const places: readonly (readonly number[])[] = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]];

/** Files of whole networks, and of the backbone alone. */
export const fcn8sVgg16Names: readonly OriginalNames[] = [
  {
    family: "pytorch-fcn",
    source: "github.com/wkentaro/pytorch-fcn, 4b98850, torchfcn/models/fcn8s.py",
    note: "FCN8s and FCN8sAtOnce of pytorch-fcn have the same names; only the second one scales its skips",
    original: (ours) => ({ name: ours }),
    fixed: (classes) => kernels(classes, "weight"),
  },
  {
    family: "CyCADA",
    source: "github.com/jhoffman/cycada_release, e04d72f, cycada/models/fcn8s.py",
    variant: { colors: "rgb" },
    note: "Networks of CyCADA that began with Caffe's VGG16 have the same names, and take blue first",
    original: (ours) => ({
      name: named(ours, "vgg.", { fc6: "vgg_head.0", fc7: "vgg_head.3", score_fr: "vgg_head.6" }),
    }),
    fixed: (classes) => kernels(classes, "w"),
  },
  {
    family: "torchvision",
    source: "github.com/pytorch/vision, torchvision/models/vgg.py",
    variant: { colors: "rgb" },
    original: torchvisionTensor,
  },
];

/** Name of a parameter, with `features` before the place of a convolution and `others` for the layers after them. */
function named(ours: string, features: string, others: Readonly<Record<string, string>>): string {
  const [, layer = ours, part = ""] = /^(.*)\.(weight|bias)$/.exec(ours) ?? [];
  const [, stage, index] = /^conv(\d)_(\d)$/.exec(layer) ?? [];
  const place = stage === undefined ? undefined : places[Number(stage) - 1]?.[Number(index) - 1];
  return `${place === undefined ? others[layer] ?? layer : `${features}${place}`}.${part}`;
}

/** There fc6 and fc7 are matrices: a row of weights is the kernel, channel by channel. */
function torchvisionTensor(ours: string, { shape }: OriginalScope): OriginalTensor | null {
  if (ours.startsWith("score_")) return null;
  const name = named(ours, "features.", { fc6: "classifier.0", fc7: "classifier.3" });
  const [outputs = 1, ...rest] = shape;
  const isMatrix = name.startsWith("classifier.") && rest.length > 0;
  return isMatrix ? { name, shape: [outputs, rest.reduce((product, side) => product * side, 1)] } : { name };
}

/** The kernels `[C, C, 2s, 2s]` of the transposed convolutions of stride s: bilinear for each class, else 0. */
function kernels(classes: number, part: string): ReadonlyMap<string, ParameterValues> {
  const strides = { upscore2: 2, upscore_pool4: 2, upscore8: 8 };
  return new Map(Object.entries(strides).map(([name, stride]) => [`${name}.${part}`, bilinearKernel(classes, stride)]));
}

function bilinearKernel(classes: number, stride: number): ParameterValues {
  const side = 2 * stride;
  const share = (tap: number) => 1 - Math.abs(tap - stride + 0.5) / stride;
  const values = new Float32Array(classes * classes * side * side);
  for (let index = 0; index < classes; index++) {
    const start = (index * classes + index) * side * side;
    for (let tap = 0; tap < side * side; tap++) values[start + tap] = share(Math.floor(tap / side)) * share(tap % side);
  }
  return { shape: [classes, classes, side, side], values };
}
