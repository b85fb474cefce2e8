/**
 * The smallest network there is, for tests that need one.
 *
 * @module
 */

import { rgbBytes } from "../../src/nn/image_kind.ts";
import type { Model } from "../../src/nn/model.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";

/** What it does to bytes. */
export const normalization = { scale: [1 / 64, 1 / 64, 1 / 64], shift: [-2, -2, -2] };

/** Shape of its only parameter, `weight`. */
export function kernelShape(classes: number): number[] {
  return [classes, 3, 4, 4];
}

/** How it is stored and starts. */
export const kernelOptions = { layout: "convolution", initial: { deviation: 0.5 } } as const;

/** A network of one convolution. */
export function oneConvolution(alignCorners: boolean): Model {
  return {
    name: "one convolution",
    description: "4×4 at stride 4",
    takes: rgbBytes(normalization),
    sizeMultiple: 4,
    alignCorners,
    logits: (images, scope, { classes }) =>
      conv2d(
        images,
        scope.parameter("weight", kernelShape(classes), kernelOptions),
        { stride: 4 },
      ),
  };
}
