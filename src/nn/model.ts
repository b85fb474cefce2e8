/**
 * A network's definition: a function from images to logits, and the facts that the rest of the program needs about it.
 * Each network is one file in `models/`. `models/mod.ts` lists them by name.
 *
 * @module
 */

import { ReasonedError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { ImageKind } from "./image_kind.ts";
import type { OriginalNames } from "./original_names.ts";
import type { ParameterGroup, ParameterScope } from "./parameters.ts";
import { differences, type ModelVariant, plainVariant } from "./variant.ts";

/** A semantic-segmentation network. */
export interface Model {
  /** Name in options and recipes. In a weight file it is the text of the metadata's `model` up to the first colon. */
  readonly name: string;
  /** One line about it. */
  readonly description: string;
  /**
   * How it differs from the plain network of its name; weight files record it. Only properties that differ are there.
   * Default `{}`.
   */
  readonly variant?: ModelVariant;
  /** The kind of images that the network takes. */
  readonly takes: ImageKind;
  /**
   * The sides of images are rounded to multiples of this number; 1 if the network takes any size. It does not tell the
   * size of the logits.
   */
  readonly sizeMultiple: number;
  /** The groups of its parameters, if some are trained differently from others. Default `standardGroups`. */
  readonly groups?: readonly ParameterGroup[];
  /** Whether corner pixels coincide when the logits are interpolated to the size of the labels. */
  readonly alignCorners: boolean;
  /**
   * The score map from which the logits follow by interpolation, if the network has one that is smaller. Labels and
   * scores are then made from that map: `logits` returns it with `scoreMap: true`.
   */
  readonly scoreMap?: ScoreMap;
  /**
   * The families of other people's weight files that hold this network or its backbone. The first is the one that is
   * written. Absent where there is none.
   */
  readonly originalNames?: readonly OriginalNames[];
  /**
   * From images `[N, takes.channels, H, W]` to logits `[N, classes, h, w]`, of any size h × w.
   *
   * @param options with `inference: true`, batch norms may be folded into the convolutions; such a graph has no
   * gradients.
   */
  readonly logits: (images: Tensor, scope: ParameterScope, options: ModelOptions) => Tensor;
}

/** What a model is told when it is traced. */
export interface ModelOptions {
  /** Number of classes. */
  readonly classes: number;
  /** Whether the network is traced for inference only. */
  readonly inference: boolean;
  /** Whether the score map is wanted in the place of the logits. Only for networks that have one. Default `false`. */
  readonly scoreMap?: boolean;
}

/**
 * Where an image lies in a score map. Pixel y looks at row (y + offset + ½) / stride − ½ of the map, interpolated
 * bilinearly, and pixel x at the column that follows in the same way.
 */
export interface ScoreMap {
  /** Pixels from one row of the map to the next. */
  readonly stride: number;
  /** Pixels before the image. */
  readonly offset: number;
}

/** All networks of one name. */
export interface ModelFamily {
  /** The name of each of them. */
  readonly name: string;
  /** One line about them. */
  readonly description: string;
  /** The properties in which they differ, with the values of the plain network. */
  readonly plain: ModelVariant;
  /** The parts of a model that depend on the variant, which has all properties. */
  readonly build: (variant: Required<ModelVariant>) => Omit<Model, "name" | "description" | "variant">;
}

/**
 * The network of this variant.
 *
 * @param source the file that asks for it, for messages.
 * @throws {Error} if the variant has a property in which networks of this name do not differ.
 */
export function modelOf(family: ModelFamily, variant: ModelVariant = {}, source?: string): Model {
  const { name, description } = family;
  const plain = { ...plainVariant, ...family.plain };
  const different = differences(variant, plain);
  const known = Object.keys(family.plain);
  const foreign = Object.keys(different).find((property) => !known.includes(property));
  if (foreign !== undefined) {
    const place = source === undefined ? "" : `, as ${source} wants it`;
    const allowed = known.map((property) => `"${property}"`).join(", ");
    throw new ReasonedError(
      `The model ${name} has no variants that differ in "${foreign}"${place}; they may differ in ${allowed}`,
      "no such variant",
    );
  }
  return { name, description, variant: different, ...family.build({ ...plain, ...different }) };
}
