/**
 * Where the products of a convolution read their two factors from.
 *
 * @module
 */

import type { DeviceTraits, KernelBinding, Tensor } from "../../graph/tensor.ts";

/** The factors as a launch binds them, and the include that declares them in its shader. */
export interface ProductOperands {
  readonly includes: Readonly<Record<string, string>>;
  readonly left: KernelBinding;
  readonly right: KernelBinding;
}

/**
 * Buffers on GPUs. On a software adapter textures, although both factors must be copied first: a load from a buffer takes
 * so long there that a 3072 × 384 × 384 product rises from 12 to 21 GFLOP/s.
 */
export function productOperands(left: Tensor, right: Tensor, device: DeviceTraits): ProductOperands {
  return device.software
    ? { includes: { OPERANDS: "lib/operands_texture.wgsl" }, left: { texture: left }, right: { texture: right } }
    : { includes: { OPERANDS: "lib/operands_buffer.wgsl" }, left, right };
}
