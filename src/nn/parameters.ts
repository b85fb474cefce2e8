/**
 * What a model says of its parameters. It asks for them by name while it is traced. The first trace only collects what
 * is asked for (`collectParameters`). In later traces the model gets tensors at the places of a `ParameterStore`.
 *
 * @module
 */

import type { Layout } from "../graph/layout.ts";
import { input, type Tensor } from "../graph/tensor.ts";

/**
 * How a parameter starts: at a constant, at normal random numbers of this standard deviation around 0, or at random
 * numbers that are spread evenly between −bound and bound.
 */
export type Initial = { readonly constant: number } | { readonly deviation: number } | { readonly bound: number };

/** What a model says about a parameter when it asks for it. */
export interface ParameterOptions {
  /** Arrangement in memory. */
  readonly layout: Layout;
  /** How it starts. */
  readonly initial: Initial;
  /** Whether it is learned. The statistics of a batch norm are not. Default `true`. */
  readonly trainable?: boolean;
  /** Name of its {@link ParameterGroup}. Default `"backbone"`. */
  readonly group?: string;
}

/**
 * Parameters that are trained alike. Papers treat biases, the scales of batch norms, and heads differently from other
 * weights.
 */
export interface ParameterGroup {
  /** Its name, as `ParameterOptions.group` gives it. */
  readonly name: string;
  /**
   * Factor on the learning rate. `groupRates` applies it; an optimizer takes the rates as they are given. Default 1.
   */
  readonly rate?: number;
  /** Factor on the weight decay. The optimizer applies it. Default 1. */
  readonly decay?: number;
  /**
   * Whether the optimizer changes these parameters. Running statistics of batch norms belong to no group: they follow
   * the batches unless the layer's statistics are frozen. Default `true`.
   */
  readonly trained?: boolean;
  /**
   * Whether it belongs to the head. When a backbone's weights are loaded, the head is initialised anew, and it can have
   * a learning rate of its own. Default `false`.
   */
  readonly head?: boolean;
}

/** The groups of a model that names none: a backbone and a head. */
export const standardGroups: readonly ParameterGroup[] = [{ name: "backbone" }, { name: "head", head: true }];

/**
 * Groups in which biases and the shifts of batch norms stand by themselves, since papers train them at other rates and
 * without decay. A weight's group has the name before the dot.
 */
export const groupsWithBiases: readonly ParameterGroup[] = [
  { name: "backbone" },
  { name: "backbone.bias" },
  { name: "head", head: true },
  { name: "head.bias", head: true },
];

/** A parameter as a model declared it. */
export interface ParameterDeclaration extends Required<ParameterOptions> {
  /** Name in weight files. */
  readonly name: string;
  /** Shape as in PyTorch. */
  readonly shape: readonly number[];
}

/** What a model is given to ask for its parameters. */
export interface ParameterScope {
  /** The parameter of this name, as a tensor. Asking twice gives the same tensor. */
  parameter(name: string, shape: readonly number[], options: ParameterOptions): Tensor;
  /**
   * Called with a parameter that changes without being learned, and with its value after a training step. Absent in
   * inference.
   */
  readonly update?: (name: string, value: Tensor) => void;
  /**
   * Gives the key of a dropout, `[4]` u32, which differs from step to step. Absent in inference, where nothing is
   * dropped.
   */
  readonly dropoutKey?: (name: string) => Tensor;
}

/** All parameters that `trace` asks for, in order. */
export function collectParameters(trace: (scope: ParameterScope) => unknown): ParameterDeclaration[] {
  const declarations = new Map<string, ParameterDeclaration>();
  trace({
    parameter(name, shape, options) {
      declarations.set(name, { trainable: true, group: "backbone", ...options, name, shape });
      return input(name, shape, { layout: options.layout });
    },
  });
  return [...declarations.values()];
}
