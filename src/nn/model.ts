/**
 * What a network is: a function from images to logits, plus the facts that the rest of the program needs about it.
 * A network is one readable file in `models/`; `models/mod.ts` lists them by name.
 *
 * @module
 */

import type { Tensor } from "../graph/tensor.ts";
import type { ParameterScope } from "./parameters.ts";

/** A semantic-segmentation network. */
export interface Model {
  /** Name in options, recipes and weight files: the text up to the first colon of the metadata's `model`. */
  readonly name: string;
  /** One line about it. */
  readonly description: string;
  /** Pixels of the image per pixel of the logits, each axis. Image sides are multiples of it. */
  readonly outputStride: number;
  /** What the network is fed: value = byte · scale + shift, per channel R, G, B. */
  readonly normalization: { readonly scale: readonly number[]; readonly shift: readonly number[] };
  /** How logits are brought to the size of the labels. */
  readonly alignCorners: boolean;
  /**
   * Images `[N, 3, H, W]` → logits `[N, classes, H / outputStride, W / outputStride]`.
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
