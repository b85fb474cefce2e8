/**
 * The activations that kernels apply, by name (here) and by number (`shaders/lib/activation.wgsl`).
 *
 * @module
 */

import type { ShaderConstants } from "../../gpu/shader.ts";

/** No activation, max(x, 0), min(max(x, 0), 6), or x for x > 0 and `slope`·x otherwise. */
export type Activation = "none" | "relu" | "relu6" | { readonly leakyRelu: number };

/** The constants that `lib/activation.wgsl` is called with. */
export function activationConstants(activation: Activation): ShaderConstants {
  if (typeof activation === "object") return { ACTIVATION: 3, NEGATIVE_SLOPE: activation.leakyRelu };
  return { ACTIVATION: { none: 0, relu: 1, relu6: 2 }[activation], NEGATIVE_SLOPE: 0 };
}
