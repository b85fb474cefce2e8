/**
 * Memory of the reference step: the bytes allocated, and the fewest that any plan of it could do with.
 *
 * @module
 */

import type { Gpu } from "../src/gpu/gpu.ts";
import { Peer } from "./peer.ts";
import { messageOf } from "./peer_answer.ts";
import { ReferenceRun } from "./reference.ts";

/** What `bench memory` finds. */
export interface MemoryReport {
  /** Everything that the step has allocated: parameters, gradients, momentum, inputs, activations, scratch. */
  readonly stepBytes: number;
  /** The same with activations packed as tightly as their lives allow. */
  readonly lowerBoundBytes: number;
  /** `stepBytes` over `lowerBoundBytes`. */
  readonly overLowerBound: number;
  /** What TensorFlow.js has allocated on the GPU after its step; `null` where it was not asked or does not start. */
  readonly tfjsBytes: number | null;
  /** `stepBytes` over `tfjsBytes`. */
  readonly overTfjs: number | null;
  /** Why TensorFlow.js gave no figure. */
  readonly error?: string;
}

interface Peak {
  readonly bytes: number | null;
  readonly error?: string;
}

/** Allocates the step. With `tfjs` it also runs one step of TensorFlow.js. */
export async function benchMemory(gpu: Gpu, { tfjs }: { readonly tfjs: boolean }): Promise<MemoryReport> {
  using run = await ReferenceRun.open(gpu, { inference: false });
  const { stepBytes, memory } = run;
  const lowerBoundBytes = stepBytes - memory.activationBytes + memory.lowerBoundBytes;
  const { bytes: tfjsBytes, error }: Peak = tfjs ? await tfjsPeak() : { bytes: null };
  return {
    stepBytes,
    lowerBoundBytes,
    overLowerBound: stepBytes / lowerBoundBytes,
    tfjsBytes,
    overTfjs: tfjsBytes === null ? null : stepBytes / tfjsBytes,
    ...(error === undefined ? {} : { error }),
  };
}

async function tfjsPeak(): Promise<Peak> {
  let peer: Peer | undefined;
  try {
    peer = await Peer.start("tfjs");
    return { bytes: (await peer.ask("step")).peakBytes ?? null };
  } catch (error) {
    return { bytes: null, error: messageOf(error) };
  } finally {
    await peer?.stop();
  }
}
