/**
 * A checkpoint: all that a run needs to go on to the same bytes. It is one safetensors file. The tensors are the
 * parameters by their names and the optimizer's state as `optimizer.<index>`. The metadata say in which run and where
 * in it the checkpoint was written, and hold a digest of that and of the tensors, by which a damaged file is found.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { Network } from "../nn/network.ts";
import type { ParameterValues, SafetensorsFile } from "../formats/safetensors.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import type { Optimizer } from "../optim/optimizer.ts";

/** Where a run stands. */
export interface RunPlace {
  /** Name of the training stage: `source`, `round 1`, … */
  readonly stage: string;
  /** How many steps of that stage are done. */
  readonly step: number;
}

/**
 * The state of a training stage as the bytes of a file.
 *
 * @param run what the run is known by; absent if that is not to be checked.
 */
export async function checkpointBytes(
  gpu: Gpu,
  network: Network,
  optimizer: Optimizer,
  { stage, step }: RunPlace,
  run = "",
): Promise<Uint8Array<ArrayBuffer>> {
  const tensors = await network.store.save();
  const state = await gpu.read(...optimizer.state);
  for (const [index, bytes] of state.entries()) {
    const values = new Float32Array(bytes.buffer);
    tensors.set(`optimizer.${index}`, { shape: [values.length], values });
  }
  const place = { run, stage, step: String(step) };
  return writeSafetensors(tensors, { ...place, seal: await digest(JSON.stringify(place), tensors) });
}

/**
 * Writes the state of a checkpoint back to the network and the optimizer.
 *
 * @param source the checkpoint's name in messages.
 * @param run what the run is known by. Without it, the checkpoint of any run is taken, also one of an earlier version, whose
 * digest covers the tensors only.
 * @returns where the run stood.
 * @throws {Error} if the bytes are damaged or belong to another run, network or optimizer.
 */
export async function restoreCheckpoint(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
  gpu: Gpu,
  network: Network,
  optimizer: Optimizer,
  run?: string,
): Promise<RunPlace> {
  const { tensors, metadata } = readSafetensors(bytes, source);
  const place = await placeOf(metadata, tensors, source);
  if (run !== undefined && place.run !== run) {
    throw new Error(`Cannot resume from ${source}: it belongs to another run`);
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
  optimizer.step = place.step;
  return { stage: place.stage, step: place.step };
}

/**
 * In which run and where in it a checkpoint was written.
 *
 * @throws {Error} if the metadata or the tensors do not match the digest.
 */
async function placeOf(
  { run, stage, step, seal, digest: olderDigest }: SafetensorsFile["metadata"],
  tensors: ReadonlyMap<string, ParameterValues>,
  source: string,
): Promise<RunPlace & { readonly run: string | undefined }> {
  const isIntact = seal === undefined
    // Earlier versions wrote no run, and a digest of the tensors only.
    ? run === undefined && olderDigest === await digest("", tensors)
    : seal === await digest(JSON.stringify({ run, stage, step }), tensors);
  if (!isIntact) throw new Error(`Cannot resume from ${source}: its content does not match its digest`);
  if (stage === undefined || !/^\d+$/.test(step ?? "")) {
    throw new Error(`Cannot resume from ${source}: it does not say after which step it was written`);
  }
  return { run, stage, step: Number(step) };
}

/** SHA-256 of a text and of the names, shapes and values of all tensors, one after the other. */
async function digest(text: string, tensors: ReadonlyMap<string, ParameterValues>): Promise<string> {
  const parts: Uint8Array[] = [new TextEncoder().encode(text)];
  for (const [name, { shape, values }] of tensors) {
    parts.push(
      new TextEncoder().encode(`${name} ${shape.join(",")} `),
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
  }
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
