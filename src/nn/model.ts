/**
 * What a network is: a function from images to logits, plus the facts that the rest of the program needs about it.
 * A network is one readable file in `models/`; `models/mod.ts` lists them by name.
 *
 * @module
 */

import type { Tensor } from "../graph/tensor.ts";
import type { ImageKind } from "./image_kind.ts";
import type { ParameterGroup, ParameterScope } from "./parameters.ts";

/** A semantic-segmentation network. */
export interface Model {
  /** Name in options, recipes and weight files: the text up to the first colon of the metadata's `model`. */
  readonly name: string;
  /** One line about it. */
  readonly description: string;
  /** What the network is fed. */
  readonly takes: ImageKind;
  /** Sides of images are rounded to multiples of it; 1 where any size will do. Says nothing of the size of the logits. */
  readonly sizeMultiple: number;
  /** How its parameters are trained, where the papers treat some of them in ways of their own. Default `standardGroups`. */
  readonly groups?: readonly ParameterGroup[];
  /** How logits are brought to the size of the labels. */
  readonly alignCorners: boolean;
  /**
   * Images `[N, takes.channels, H, W]` → logits `[N, classes, h, w]`, of any size h × w.
   *
   * @param options `inference: true` may fold batch norms into the convolutions; such a graph has no gradients.
   */
  readonly logits: (images: Tensor, scope: ParameterScope, options: ModelOptions) => Tensor;
}

/** What a model is told when it is traced. */
export interface ModelOptions {
  /** Number of classes. */
  readonly classes: number;
  /** Trace for inference only. */
  readonly inference: boolean;
}
