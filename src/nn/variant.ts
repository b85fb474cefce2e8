/**
 * Variants of a network: what may differ between networks of one name, such as the width, or how batch norms are
 * trained. Weight files say which variant they hold.
 *
 * @module
 */

import * as v from "valibot";
import { requireDistinctKeys, validated } from "../formats/validation.ts";

/**
 * How a network differs from the plain one of its name. Every property may be absent: then it is as in the plain
 * network, which is the published one.
 */
export interface ModelVariant {
  /** Factor on the number of hidden channels ({@link hiddenChannels}); inputs and classes stay. Plain: 1. */
  readonly width?: number;
  /** What of a batch norm is trained ({@link BatchNormTraining}). */
  readonly batchNorm?: BatchNormTraining;
  /**
   * DeepLabv2: the heads that its weights hold. `"layer5"`: one, on the last feature map. `"layer5+layer6"`: the
   * networks of AdaptSegNet's family with two, of which `layer5` looks at the feature map before the last one. Only
   * the last head gives logits and is trained. Plain: `"layer5"`.
   */
  readonly heads?: "layer5" | "layer5+layer6";
  /**
   * DeepLabv2: how many of a head's four branches are summed. 2: only those of the rates 6 and 12, as the released
   * AdaptSegNet computes it. Plain: 4.
   */
  readonly branches?: 2 | 4;
  /**
   * How images are normalised. `"rgb"`: red, green and blue from 0 to 1, less ImageNet's mean, over its deviation.
   * `"caffe"`: blue, green and red from 0 to 255, less Caffe's mean.
   */
  readonly colors?: "rgb" | "caffe";
  /**
   * ResNets of bottlenecks: which convolution of a block has its stride. Plain: `"1x1"`, the first one, as in He et
   * al. `"3x3"`: the second one, as in torchvision.
   */
  readonly strideIn?: "1x1" | "3x3";
  /** Networks of range images: channels of an image, from 1. Plain: 6. */
  readonly inputs?: number;
  /**
   * Networks of range images: whether the channels of a scan are divided by what they usually are. `"scaled"`: x/50, y/50,
   * z/3, intensity, range/80. `"raw"`: not. Plain: `"scaled"`.
   */
  readonly scaling?: "scaled" | "raw";
  /** FCN8s: whether the skips are scaled, pool4 by 0.01 and pool3 by 0.0001. Plain: `true`. */
  readonly skipScale?: boolean;
}

/**
 * What of a batch norm is trained. `"frozen"`: nothing; scale, shift and statistics stay as they were loaded.
 * `"affine"`: scale and shift; the statistics stay. `"trained"`: scale and shift, and images are normalised by the
 * statistics of their batch, which the kept ones follow.
 */
export type BatchNormTraining = "frozen" | "affine" | "trained";

/** The values that the properties of a variant may have, in the order of their description. */
export const variantChoices = {
  batchNorm: ["frozen", "affine", "trained"],
  heads: ["layer5", "layer5+layer6"],
  branches: [2, 4],
  colors: ["rgb", "caffe"],
  strideIn: ["1x1", "3x3"],
  scaling: ["scaled", "raw"],
} as const;

/** Smallest and largest width. */
export const widthBounds = { minimum: 0.01, maximum: 8 } as const;

/** Fewest and most channels of a range image. */
export const inputBounds = { minimum: 1, maximum: 64 } as const;

const variantSchema = v.strictObject({
  width: v.optional(v.pipe(v.number(), v.minValue(widthBounds.minimum), v.maxValue(widthBounds.maximum))),
  batchNorm: v.optional(v.picklist(variantChoices.batchNorm)),
  heads: v.optional(v.picklist(variantChoices.heads)),
  branches: v.optional(v.picklist(variantChoices.branches)),
  colors: v.optional(v.picklist(variantChoices.colors)),
  strideIn: v.optional(v.picklist(variantChoices.strideIn)),
  skipScale: v.optional(v.boolean()),
  inputs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(inputBounds.minimum), v.maxValue(inputBounds.maximum))),
  scaling: v.optional(v.picklist(variantChoices.scaling)),
});

/** A variant without properties that are absent. */
type VariantOutput = v.InferOutput<typeof variantSchema>;

/**
 * The variant that a weight file names in its metadata: a JSON object.
 *
 * @param source the file's name, for messages.
 * @throws {Error} naming the file and the property that is not known.
 */
export function readVariant(text: string, source: string): ModelVariant {
  const what = "variant in the metadata of";
  const variant = validated(variantSchema, text, source, what);
  requireDistinctKeys(text, source, what);
  return withoutAbsent(variant);
}

/** A variant as the text that {@link readVariant} reads. */
export function variantText(variant: ModelVariant): string {
  return JSON.stringify(variant);
}

/** The properties of a variant that are there and differ from those of `plain`. */
export function differences(variant: ModelVariant, plain: Required<ModelVariant>): ModelVariant {
  const entries = Object.entries(variant);
  const same = new Map<string, unknown>(Object.entries(plain));
  return Object.fromEntries(entries.filter(([key, value]) => value !== undefined && value !== same.get(key)));
}

/** A variant without its properties that are `undefined`. */
export function withoutAbsent(variant: VariantOutput): ModelVariant {
  return Object.fromEntries(Object.entries(variant).filter(([, value]) => value !== undefined));
}

/** The plain variant of a network that says nothing of its own. */
export const plainVariant: Required<ModelVariant> = {
  width: 1,
  batchNorm: "frozen",
  heads: "layer5",
  branches: 4,
  colors: "rgb",
  strideIn: "1x1",
  skipScale: true,
  inputs: 6,
  scaling: "scaled",
};

/** Hidden channels of a network of another width: `channels · width`, rounded to a multiple of 4, at least 4. */
export function hiddenChannels(channels: number, width: number): number {
  return width === 1 ? channels : Math.max(4, 4 * Math.round(channels * width / 4));
}
