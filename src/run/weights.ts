/**
 * Weight files, as the commands read them. This is the one way by which a command comes to the weights of a network.
 *
 * @module
 */

import { readFile } from "../disk/files.ts";
import type { ParameterValues } from "../formats/safetensors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Model } from "../nn/model.ts";
import { findModel } from "../nn/models/mod.ts";
import type { ModelVariant } from "../nn/variant.ts";
import { Network, type NetworkMetadata, readWeights } from "../nn/network.ts";

/** A network's weights, before the network is allocated on the GPU. */
export interface OpenedWeights {
  /** The file, for messages. */
  readonly path: string;
  /** The network. */
  readonly model: Model;
  /** Its classes, and what is known of their colours and of the working size. */
  readonly metadata: NetworkMetadata;
  /** Values by the network's parameter names. */
  readonly tensors: ReadonlyMap<string, ParameterValues>;
}

/**
 * Reads the weights of a whole network.
 *
 * @param options `variant`: properties that hold in the place of the file's. Default: none.
 * @throws {Error} naming the file and what is wrong with it, or what it does not say.
 */
export function openWeights(path: string, options: { readonly variant?: ModelVariant } = {}): OpenedWeights {
  const { model, variant, metadata, tensors } = readWeights(readFile(path), path);
  return { path, model: findModel(model, { ...variant, ...options.variant }, path), metadata, tensors };
}

/**
 * The network of opened weights.
 *
 * @param options `trainable: false`: no gradients are allocated. Default `true`.
 * @throws {Error} if a tensor is missing, has another shape or holds a value that is not finite.
 */
export function networkOf(
  gpu: Gpu,
  { path, model, metadata, tensors }: OpenedWeights,
  options: { readonly trainable?: boolean } = {},
): Network {
  const network = new Network(gpu, model, metadata, options);
  try {
    network.store.load(tensors, path);
  } catch (error) {
    network.dispose();
    throw error;
  }
  return network;
}
