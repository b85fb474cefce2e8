/**
 * Layers: ops together with the parameters they ask for. A layer is a function; names are those of weight files.
 *
 * @module
 */

import { layer, type Tensor } from "../graph/tensor.ts";
import type { Activation } from "../ops/activation/kind.ts";
import { bias } from "../ops/arithmetic/bias.ts";
import { conv2d } from "../ops/conv/conv2d.ts";
import { depthwiseConv2d } from "../ops/conv/depthwise_conv2d.ts";
import type { ConvolutionOptions } from "../ops/conv/geometry.ts";
import { batchNorm, type BatchNormParameters } from "../ops/norm/batch_norm.ts";
import { foldBatchNorm } from "../ops/norm/fold_batch_norm.ts";
import type { ParameterGroup, ParameterScope } from "./parameters.ts";

/** Options of a convolution with batch norm. */
export interface ConvBatchNormOptions extends ConvolutionOptions {
  /** Output channels. */
  readonly channels: number;
  /** Side of the square kernel. */
  readonly kernel: number;
  /** Each channel by itself. Default `false`. */
  readonly depthwise?: boolean;
  /** After the batch norm. */
  readonly activation: Activation;
  /** Added to the variance. */
  readonly epsilon: number;
  /** Fold the batch norm into the convolution. */
  readonly inference: boolean;
}

/**
 * Convolution without bias → batch norm with frozen statistics → activation. Parameters: `<name>.weight`,
 * `<name>.bn.{gamma, beta, mean, var}`; gamma and beta are trained, mean and var are not.
 */
export function convBatchNorm(x: Tensor, scope: ParameterScope, name: string, options: ConvBatchNormOptions): Tensor {
  return layer(name, () => {
    const { channels, kernel, activation, epsilon, inference, depthwise = false } = options;
    const inputs = depthwise ? 1 : x.shape[1] ?? 1;
    const weight = scope.parameter(`${name}.weight`, [channels, inputs, kernel, kernel], {
      layout: depthwise ? "depthwise" : "convolution",
      initial: { deviation: Math.sqrt(2 / (inputs * kernel * kernel)) },
    });
    const norm = batchNormParameters(scope, `${name}.bn`, channels);
    const convolution = depthwise ? depthwiseConv2d : conv2d;
    if (inference) {
      return convolution(x, weight, {
        ...options,
        epilogue: { scaleAndShift: foldBatchNorm(norm, { epsilon }), activation },
      });
    }
    return batchNorm(convolution(x, weight, options), norm, { epsilon, activation });
  });
}

function batchNormParameters(scope: ParameterScope, name: string, channels: number): BatchNormParameters {
  const vector = (suffix: string, constant: number, trainable: boolean) =>
    scope.parameter(`${name}.${suffix}`, [channels], { layout: "channels", initial: { constant }, trainable });
  return {
    gamma: vector("gamma", 1, true),
    beta: vector("beta", 0, true),
    mean: vector("mean", 0, false),
    variance: vector("var", 1, false),
  };
}

/** Options of a convolution with bias. */
export interface ConvBiasOptions extends ConvolutionOptions {
  readonly channels: number;
  readonly kernel: number;
  /** Standard deviation of the initial weights; the bias starts at 0. */
  readonly deviation: number;
  /** Learning-rate group. Default `"backbone"`. */
  readonly group?: ParameterGroup;
}

/** Convolution with bias. Parameters: `<name>.weight`, `<name>.bias`. */
export function convBias(x: Tensor, scope: ParameterScope, name: string, options: ConvBiasOptions): Tensor {
  return layer(name, () => {
    const { channels, kernel, deviation, group = "backbone" } = options;
    const weight = scope.parameter(`${name}.weight`, [channels, x.shape[1] ?? 1, kernel, kernel], {
      layout: "convolution",
      initial: { deviation },
      group,
    });
    const shift = scope.parameter(`${name}.bias`, [channels], { layout: "channels", initial: { constant: 0 }, group });
    return bias(conv2d(x, weight, options), shift);
  });
}
