/**
 * The networks by name.
 *
 * @module
 */

import { type Model, type ModelFamily, modelOf } from "../model.ts";
import type { ModelVariant } from "../variant.ts";
import { deeplabMobilenetFamily } from "./deeplab_mobilenet.ts";
import { deeplabNanoFamily } from "./deeplab_nano.ts";
import { fcn8sVgg16Family } from "./fcn8s_vgg16.ts";
import { fidnetFamily, fidnetNanoFamily } from "./fidnet.ts";
import { wideResnet38Family } from "./wide_resnet38.ts";
import { deeplabv2Resnet101, deeplabv2Resnet18, deeplabv2Resnet50 } from "./deeplabv2_resnet.ts";

/** Every network that can be named, with its variants. */
export const modelFamilies: readonly ModelFamily[] = [
  deeplabMobilenetFamily,
  deeplabNanoFamily,
  deeplabv2Resnet101,
  deeplabv2Resnet50,
  deeplabv2Resnet18,
  wideResnet38Family,
  fcn8sVgg16Family,
  fidnetFamily,
  fidnetNanoFamily,
];

/** The plain network of each name. */
export const models: readonly Model[] = modelFamilies.map((family) => modelOf(family, {}));

/**
 * The network of this name, or a variant of it.
 *
 * @param variant how it differs from the plain network. Default: it does not.
 * @param source the file that names it, for messages.
 * @throws {Error} listing the names, or the properties in which a variant of this network may differ.
 */
export function findModel(name: string, variant: ModelVariant = {}, source?: string): Model {
  const place = source === undefined ? "" : `, as ${source} names it`;
  const family = modelFamilies.find((family) => family.name === name);
  if (family === undefined) {
    throw new Error(`There is no model "${name}"${place}; the models are ${models.map((m) => m.name).join(", ")}`);
  }
  return modelOf(family, variant, source);
}
