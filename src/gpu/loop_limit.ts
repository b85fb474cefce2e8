/**
 * Whether the driver executes long loops. Mesa's software driver of 2022 stops every invocation after 65,535
 * iterations, counted over all its loops together. It reports no error; the results are just wrong.
 *
 * @module
 */

import shader from "../../shaders/gpu/loop_limit.wgsl" with { type: "text" };
import type { Gpu } from "./gpu.ts";

/**
 * How often one invocation really executes the body of `outer` × `inner` nested loops. That is the product of both, or
 * less where the driver stops.
 */
export async function executedTrips(gpu: Gpu, outer: number, inner: number): Promise<number> {
  const asked = gpu.createBuffer(8, "trips asked for");
  const executed = gpu.createBuffer(4, "trips executed");
  try {
    gpu.write(asked, Uint32Array.of(outer, inner));
    gpu.submit([await gpu.dispatch({ name: "gpu/loop_limit", text: shader }, {}, [asked, executed], [1, 1, 1])]);
    const [bytes] = await gpu.read(executed);
    return new Uint32Array(bytes?.buffer ?? new ArrayBuffer(4))[0] ?? 0;
  } finally {
    gpu.destroyBuffer(asked);
    gpu.destroyBuffer(executed);
  }
}
