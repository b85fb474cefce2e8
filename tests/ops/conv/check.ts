/**
 * Checks of `conv2d`, for the tests of its forms.
 *
 * @module
 */

import type { DeviceTraits } from "../../../src/graph/tensor.ts";
import { conv2d } from "../../../src/ops/conv/conv2d.ts";
import { convolutionGeometry, type ConvolutionOptions } from "../../../src/ops/conv/geometry.ts";
import { conv2d as twin } from "../../twins/conv2d.ts";
import { checkOp } from "../harness.ts";

/** Fails unless the result, and the gradients asked for, are those of the definition. */
export async function checkConv2d(
  { input: shape, weight, options = {}, ...rest }: {
    readonly input: readonly number[];
    readonly weight: readonly number[];
    readonly options?: ConvolutionOptions;
    readonly traits: DeviceTraits;
    readonly gradientOf?: readonly ("x" | "w")[];
  },
): Promise<void> {
  const geometry = convolutionGeometry(shape, [weight[2] ?? 1, weight[3] ?? 1], options);
  await checkOp({
    inputs: { x: { shape }, w: { shape: weight, layout: "convolution" } },
    op: ({ x, w }) => conv2d(x, w, options),
    twin: ({ x, w }) => twin(x, w, { ...geometry, input: shape, weight }),
    ...rest,
  });
}
