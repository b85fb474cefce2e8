/**
 * What the adapter can do at most: multiply-adds from registers, and bytes through memory.
 *
 * @module
 */

import copyShader from "../../shaders/bench/copy_peak.wgsl" with { type: "text" };
import fmaShader from "../../shaders/bench/fma_peak.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import { grid } from "../gpu/launch.ts";
import { secondsPerRun } from "../gpu/timing.ts";

/** Measured limits of an adapter. */
export interface Peaks {
  /** Multiply-adds from registers, in GFLOP/s (a multiply-add counts 2). */
  readonly gflops: number;
  /** Bytes read plus bytes written by a plain copy, in GB/s. */
  readonly gigabytesPerSecond: number;
}

/** Invocations of the multiply-add benchmark at most: 32,768 workgroups. */
const mostInvocations = 2 ** 21;

/**
 * Measures both peaks; takes about a second.
 *
 * @throws {Error} if a result is wrong: a launch that did not happen would look infinitely fast.
 */
export async function measurePeaks(gpu: Gpu): Promise<Peaks> {
  return { gflops: await multiplyAddPeak(gpu), gigabytesPerSecond: await copyPeak(gpu) };
}

/**
 * The highest speed among launches of growing size. A large GPU needs many invocations, but so many would take a CPU
 * minutes.
 */
async function multiplyAddPeak(gpu: Gpu): Promise<number> {
  let best = 0;
  for (let invocations = 4096; invocations <= mostInvocations; invocations *= 8) {
    const gflops = await multiplyAddRate(gpu, invocations);
    const isFilled = gflops < 1.5 * best;
    best = Math.max(best, gflops);
    if (isFilled) break;
  }
  return best;
}

async function multiplyAddRate(gpu: Gpu, invocations: number): Promise<number> {
  const rounds = 200;
  const seed = gpu.createBuffer(8, "seed");
  const y = gpu.createBuffer(invocations * 4, "sums");
  gpu.write(seed, Float32Array.of(0.5, 1));
  const source = { name: "bench/fma_peak", text: fmaShader };
  const dispatch = await gpu.dispatch(source, { ROUNDS: rounds }, [seed, y], grid(invocations, 64));
  const seconds = await secondsPerRun(gpu, [dispatch]);
  const [bytes] = await gpu.read(y);
  // Each chain converges to addend / (1 − factor) = 2.
  if (bytes === undefined || new Float32Array(bytes.buffer).some((sum) => Math.abs(sum - 48) > 1e-3)) {
    throw new Error("The multiply-add benchmark gave a wrong result on this adapter");
  }
  for (const buffer of [seed, y]) gpu.destroyBuffer(buffer);
  return invocations * rounds * 24 * 8 * 2 / seconds / 1e9;
}

async function copyPeak(gpu: Gpu): Promise<number> {
  const bytes = 64 * 2 ** 20;
  const x = gpu.createBuffer(bytes, "from");
  const y = gpu.createBuffer(bytes, "to");
  gpu.write(x, Float32Array.from({ length: 1024 }, (_, index) => index), bytes - 4096);
  const vectors = bytes / 16;
  const source = { name: "bench/copy_peak", text: copyShader };
  const dispatch = await gpu.dispatch(source, { VECTORS: vectors }, [x, y], grid(vectors, 64));
  const seconds = await secondsPerRun(gpu, [dispatch]);
  const [last] = await gpu.read({ buffer: y, offset: bytes - 4096, size: 4096 });
  if (last === undefined || new Float32Array(last.buffer)[1023] !== 1023) {
    throw new Error("The copy benchmark gave a wrong result on this adapter");
  }
  for (const buffer of [x, y]) gpu.destroyBuffer(buffer);
  return 2 * bytes / seconds / 1e9;
}
