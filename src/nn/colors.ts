/**
 * How networks that were trained on ImageNet take photographs. Weights of the one kind are of no use with the other.
 *
 * @module
 */

import { type ImageKind, rgbBytes } from "./image_kind.ts";
import type { ModelVariant } from "./variant.ts";

/** Mean and deviation of ImageNet's images from 0 to 1: red, green, blue. Source: torchvision. */
const imageNet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
/** Mean of ImageNet's images from 0 to 255: red, green, blue. Source: Caffe's models, and AdaptSegNet's data sets. */
const caffeMean = [122.67891434, 116.66876762, 104.00698793];

/** Photographs, normalised as the variant says. */
export function imageNetColors(colors: Required<ModelVariant>["colors"]): ImageKind {
  if (colors === "caffe") {
    return rgbBytes({ scale: [1, 1, 1], shift: caffeMean.map((mean) => -mean), blueFirst: true });
  }
  const { mean, deviation } = imageNet;
  return rgbBytes({
    scale: deviation.map((each) => 1 / (255 * each)),
    shift: mean.map((each, channel) => -each / (deviation[channel] ?? 1)),
  });
}
