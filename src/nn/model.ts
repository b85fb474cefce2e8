/**
 * A network's definition: a function from images to logits, and the facts that the rest of the program needs about it.
 * Each network is one file in `models/`. `models/mod.ts` lists them by name.
 *
 * @module
 */

import type { Tensor } from "../graph/tensor.ts";
import type { ImageKind } from "./image_kind.ts";
import type { OriginalNames } from "./original_names.ts";
import type { ParameterGroup, ParameterScope } from "./parameters.ts";

/** A semantic-segmentation network. */
export interface Model {
  /** Name in options and recipes. In a weight file it is the text of the metadata's `model` up to the first colon. */
  readonly name: string;
  /** One line about it. */
  readonly description: string;
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
}
