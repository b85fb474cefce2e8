/**
 * A checkpoint: all that a run needs to go on to the same bytes. It is one safetensors file. The tensors are the
 * parameters by their names and the optimizer's state as `optimizer.<index>`. The metadata say where in the run it was
 * written, and hold a digest of the tensors, by which a damaged file is found.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { Network } from "../nn/network.ts";
import type { ParameterValues } from "../formats/safetensors.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import type { Optimizer } from "../optim/optimizer.ts";

/** Where a run stands. */
export interface RunPlace {
  /** Name of the training stage: `source`, `round 1`, … */
  readonly stage: string;
  /** How many steps of that stage are done. */
  readonly step: number;
}

/** The state of a training stage as the bytes of a file. */
export async function checkpointBytes(
  gpu: Gpu,
  network: Network,
  optimizer: Optimizer,
  { stage, step }: RunPlace,
): Promise<Uint8Array<ArrayBuffer>> {
  const tensors = await network.store.save();
  const state = await gpu.read(...optimizer.state);
  for (const [index, bytes] of state.entries()) {
    const values = new Float32Array(bytes.buffer);
    tensors.set(`optimizer.${index}`, { shape: [values.length], values });
  }
  return writeSafetensors(tensors, { stage, step: String(step), digest: await digest(tensors) });
}

/**
 * Writes the state of a checkpoint back to the network and the optimizer.
 *
 * @param source the checkpoint's name in messages.
 * @returns where the run stood.
 * @throws {Error} if the bytes are damaged or belong to another network or optimizer.
 */
export async function restoreCheckpoint(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
  gpu: Gpu,
  network: Network,
  optimizer: Optimizer,
): Promise<RunPlace> {
  const { tensors, metadata } = readSafetensors(bytes, source);
  if (metadata.digest !== await digest(tensors)) {
    throw new Error(`Cannot resume from ${source}: its content does not match its digest`);
  }
  const state = optimizer.state.map((buffer, index) => {
    const saved = tensors.get(`optimizer.${index}`);
    if (saved === undefined || saved.values.byteLength !== buffer.size) {
      throw new Error(`Cannot resume from ${source}: it holds the state of another optimizer`);
    }
    return { buffer, values: new Float32Array(saved.values) };
  });
  network.store.load(tensors, source);
  for (const { buffer, values } of state) gpu.write(buffer, values);
  const step = Number(metadata.step);
  optimizer.step = step;
  return { stage: metadata.stage ?? "", step };
}

/** SHA-256 of the names, shapes and values of all tensors, one after the other. */
async function digest(tensors: ReadonlyMap<string, ParameterValues>): Promise<string> {
  const parts = [...tensors].flatMap(([name, { shape, values }]) => [
    new TextEncoder().encode(`${name} ${shape.join(",")} `),
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  ]);
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
