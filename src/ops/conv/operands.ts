/**
 * Where kernels that are bound by their loads read from.
 *
 * @module
 */

import type { DeviceTraits, KernelBinding, StoredBinding } from "../../graph/tensor.ts";

/** One or two operands as a launch binds them, and the includes that declare them in its shader. */
export interface Operands {
  readonly includes: Readonly<Record<string, string>>;
  readonly bindings: readonly KernelBinding[];
}

/**
 * How a launch reads its operands: from buffers on GPUs, from textures on a software adapter. Textures must be copied
 * first, but a load from a buffer takes so long there that a 3072 × 384 × 384 product rises from 12 to 21 GFLOP/s.
 */
export function operands(device: DeviceTraits, left: StoredBinding, right?: StoredBinding): Operands {
  const kind = device.schedule?.source ?? (device.software ? "texture" : "buffer");
  const bound = right === undefined ? [left] : [left, right];
  return {
    includes: { LEFT: `lib/left_${kind}.wgsl`, RIGHT: `lib/right_${kind}.wgsl` },
    bindings: kind === "texture" ? bound.map((texture) => ({ texture })) : bound,
  };
}
