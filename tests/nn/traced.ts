/**
 * Networks traced without a GPU: their parameters, the graph of their logits, and the plan of a step.
 *
 * @module
 */

import type { Gpu } from "../../src/gpu/gpu.ts";
import { planProgram } from "../../src/graph/program_plan.ts";
import { dependencies, input, type Tensor } from "../../src/graph/tensor.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import type { Model } from "../../src/nn/model.ts";
import type { OriginalNames } from "../../src/nn/original_names.ts";
import type { ParameterDeclaration, ParameterOptions, ParameterScope } from "../../src/nn/parameters.ts";
import type { ModelVariant } from "../../src/nn/variant.ts";
import { gradients } from "../../src/ops/gradients.ts";
import { interpolatedCrossEntropy } from "../../src/ops/loss/interpolated_cross_entropy.ts";

/** A network as it is traced. */
export interface TracedNetwork {
  readonly model: Model;
  readonly parameters: readonly ParameterDeclaration[];
  readonly logits: Tensor;
  /** The parameters as the tensors that the graph reads. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The layers that drop something. */
  readonly dropouts: readonly string[];
}

/** Traces a network, for training unless `inference` is `true`. */
export function traced(
  name: string,
  options: {
    readonly variant?: ModelVariant;
    readonly size?: readonly [height: number, width: number];
    readonly classes?: number;
    readonly batch?: number;
    readonly inference?: boolean;
  } = {},
): TracedNetwork {
  const { variant = {}, size = [64, 64], classes = 19, batch = 1, inference = false } = options;
  const model = findModel(name, variant);
  const parameters = new Map<string, ParameterDeclaration>();
  const tensors = new Map<string, Tensor>();
  const dropouts: string[] = [];
  const scope: ParameterScope = {
    parameter(name: string, shape: readonly number[], options: ParameterOptions) {
      parameters.set(name, { trainable: true, group: "backbone", ...options, name, shape });
      const tensor = tensors.get(name) ?? input(name, shape, { layout: options.layout });
      tensors.set(name, tensor);
      return tensor;
    },

    dropoutKey(name) {
      dropouts.push(name);
      return input(`key ${name}`, [4], { dtype: "u32", layout: "plain" });
    },
  };
  const logits = model.logits(input("images", [batch, model.takes.channels, ...size]), scope, {
    ...{ classes, inference, scoreMap: inference && model.scoreMap !== undefined },
  });
  return { model, parameters: [...parameters.values()], logits, tensors, dropouts };
}

/** How many numbers parameters have in all. */
export function numbersOf(parameters: readonly ParameterDeclaration[]): number {
  return parameters.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
}

/** Names and shapes of a network's parameters in the files of a family; those that they do not hold are left out. */
export function originals(
  names: OriginalNames | undefined,
  parameters: readonly ParameterDeclaration[],
  classes = 19,
): Map<string, readonly number[]> {
  return new Map(parameters.flatMap(({ name, shape }) => {
    const found = names?.original(name, { shape, classes });
    return found === null || found === undefined ? [] : [[found.name, found.shape ?? shape]];
  }));
}

/** The tensors of an op in a graph, in their order. */
export function tensorsOf(op: string, root: Tensor): Tensor[] {
  return dependencies([root]).filter((tensor) => tensor.op === op);
}

/**
 * What a step of training binds at once at most where an adapter binds `limit` bytes, and what cannot be bound. Nothing
 * is allocated.
 */
export function plannedStep(
  gpu: Gpu,
  name: string,
  options: { readonly batch: number; readonly size: readonly [height: number, width: number]; readonly limit: number },
) {
  const { batch, size, limit } = options;
  const { logits, parameters, tensors, model } = traced(name, { size, batch });
  const labels = input("labels", [batch, ...size], { layout: "plain", dtype: "u8" });
  const loss = interpolatedCrossEntropy(logits, labels, { alignCorners: model.alignCorners });
  const learned = parameters.filter(({ trainable }) => trainable).flatMap(({ name }) => tensors.get(name) ?? []);
  const found = gradients(loss, learned);
  const outputs = { loss, ...Object.fromEntries(found.map((tensor, index) => [`d ${index}`, tensor])) };
  const traits = { software: true, maxBindingBytes: limit };
  return planProgram(gpu, { outputs, traits, activations: { loss, recompute: true, half: false } }).memory;
}
