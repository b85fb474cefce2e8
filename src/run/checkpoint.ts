/**
 * A checkpoint: all that a run needs to go on to the same bytes. One safetensors file with the parameters by their names,
 * the optimizer's state as `optimizer.<index>`, and the place in the run in the metadata, with a digest over the rest so that
 * a damaged file is refused.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { Gpu } from "../gpu/gpu.ts";
import type { Network } from "../nn/network.ts";
import type { ParameterValues } from "../formats/safetensors.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { readFile, writeFileSafely } from "../disk/files.ts";

/** Where a run stands. */
export interface RunPlace {
  /** Name of the training stage: `source`, `round 1`, … */
  readonly stage: string;
  /** Steps of it that are done. */
  readonly step: number;
}

/** Writes the state of a training stage; a crash in between leaves the previous checkpoint. */
export async function saveCheckpoint(
  path: string,
  gpu: Gpu,
  network: Network,
  optimizer: Optimizer,
  place: RunPlace,
): Promise<void> {
  const tensors = await network.store.save();
  const state = await gpu.read(...optimizer.state);
  for (const [index, bytes] of state.entries()) {
    const values = new Float32Array(bytes.buffer);
    tensors.set(`optimizer.${index}`, { shape: [values.length], values });
  }
  writeFileSafely(path, writeSafetensors(tensors, { ...describe(place), digest: digest(tensors) }));
}

/**
 * Puts a checkpoint's state back.
 *
 * @returns where the run stood, or `null` when there is no checkpoint.
 * @throws {Error} if the file is damaged or belongs to another network.
 */
export function loadCheckpoint(path: string, gpu: Gpu, network: Network, optimizer: Optimizer): RunPlace | null {
  if (!existsSync(path)) return null;
  const { tensors, metadata } = readSafetensors(readFile(path), path);
  if (metadata.digest !== digest(tensors)) {
    throw new Error(`Cannot resume from ${path}: its content does not match its digest`);
  }
  network.store.load(tensors, path);
  for (const [index, buffer] of optimizer.state.entries()) {
    const saved = tensors.get(`optimizer.${index}`);
    if (saved === undefined || saved.values.byteLength !== buffer.size) {
      throw new Error(`Cannot resume from ${path}: it holds the state of another optimizer`);
    }
    gpu.write(buffer, new Float32Array(saved.values));
  }
  const step = Number(metadata.step);
  optimizer.step = step;
  return { stage: metadata.stage ?? "", step };
}

function describe(place: RunPlace): Record<string, string> {
  return { stage: place.stage, step: String(place.step) };
}

function digest(tensors: ReadonlyMap<string, ParameterValues>): string {
  const hash = createHash("sha256");
  for (const [name, { shape, values }] of tensors) {
    hash.update(`${name} ${shape.join(",")} `);
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}
