/**
 * Finds values that are infinite or not a number. The kernel looks at the bits, because comparisons do not find such
 * values on every driver. Looking at the loss is not enough: ReLU turns NaN into 0, so a finite loss proves nothing.
 *
 * @module
 */

import shader from "../../../shaders/metrics/non_finite.wgsl" with { type: "text" };
import type { Gpu } from "../../gpu/gpu.ts";
import { type BufferRange, type Dispatch, grid } from "../../gpu/launch.ts";

/** Vectors of four values that one invocation reads. */
const vectorsPerInvocation = 16;

/**
 * A launch that adds the number of non-finite f32 values in `values` to the first u32 of `counter`. No launch clears
 * the counter. It stays above 0 once something was found, until it is written.
 *
 * @param values a range of whole f32 values, at least one.
 * @throws {RangeError} if the range is empty or does not end on a value.
 */
export function nonFiniteDispatch(
  gpu: Gpu,
  values: BufferRange,
  counter: GPUBuffer | BufferRange,
): Promise<Dispatch> {
  const count = values.size / 4;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`Cannot look for non-finite values in ${values.size} bytes: whole f32 values are needed`);
  }
  return gpu.dispatch(
    { name: "metrics/non_finite", text: shader },
    { VALUES: count, VECTORS_PER_INVOCATION: vectorsPerInvocation },
    [{ ...values, size: Math.ceil(values.size / 16) * 16 }, counter],
    grid(Math.ceil(count / (4 * vectorsPerInvocation)), 64),
    "non-finite values",
  );
}
