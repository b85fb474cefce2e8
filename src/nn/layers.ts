/**
 * Layers: ops together with the parameters that they need. A layer is a function. Its name is the prefix of its
 * parameters' names in weight files.
 *
 * @module
 */

import { layer, type Tensor } from "../graph/tensor.ts";
import { outputTellsSide } from "../ops/activation/activation.ts";
import type { Activation } from "../ops/activation/kind.ts";
import { conv2d } from "../ops/conv/conv2d.ts";
import { depthwiseConv2d } from "../ops/conv/depthwise_conv2d.ts";
import type { ConvolutionOptions } from "../ops/conv/geometry.ts";
import { row } from "../ops/arithmetic/row.ts";
import { batchNorm } from "../ops/norm/batch_norm.ts";
import { batchNormStatistics } from "../ops/norm/batch_norm_statistics.ts";
import { batchNormTraining } from "../ops/norm/batch_norm_training.ts";
import { foldBatchNorm } from "../ops/norm/fold_batch_norm.ts";
import { updateRunningStatistics } from "../ops/norm/update_running_statistics.ts";
import { dropout } from "../ops/random/dropout.ts";
import type { Initial, ParameterScope } from "./parameters.ts";

/** How random numbers of one standard deviation are spread around 0: normally, or evenly between two bounds. */
export type Spread = "normal" | "uniform";

/** Random initial values of this standard deviation. */
function spreadOver(deviation: number, spread: Spread = "normal"): Initial {
  return spread === "normal" ? { deviation } : { bound: Math.sqrt(3) * deviation };
}

/** Options of a convolution with batch norm. */
export interface ConvBatchNormOptions extends ConvolutionOptions {
  /** Output channels. */
  readonly channels: number;
  /** Side of the square kernel. */
  readonly kernel: number;
  /** Whether each channel has a kernel of its own. Default `false`. */
  readonly depthwise?: boolean;
  /** Applied last, after the batch norm and the residual sum. */
  readonly activation: Activation;
  /** Added to the batch norm's result: the shortcut of a residual block. Default: none. */
  readonly residual?: Tensor;
  /** Added to the variance. */
  readonly epsilon: number;
  /** Whether the batch norm is folded into the convolution. */
  readonly inference: boolean;
  /** Parameter group of the weight. Default `"backbone"`. */
  readonly group?: string;
  /** Parameter group of `gamma`. Default: that of the weight. */
  readonly gammaGroup?: string;
  /** Parameter group of `beta`. Default: that of `gamma`. */
  readonly betaGroup?: string;
  /**
   * Whether `gamma` and `beta` are trained. If they are not, and the statistics are fixed, the batch norm is folded into
   * the convolution in training too: less memory, less time. Default `true`.
   */
  readonly trained?: boolean;
  /**
   * Which statistics normalise in training. `"frozen"` (default): fixed ones. `"batch"`: those of the batch; running
   * statistics then follow them.
   */
  readonly statistics?: "frozen" | "batch";
  /** Factor on the standard deviation of the initial weights, √(2 / inputs of a value). Default 1. */
  readonly gain?: number;
  /** How the initial weights are spread, at that deviation. Default `"normal"`. */
  readonly spread?: Spread;
  /**
   * The convolution has a bias, which starts at random between −`biasBound` and `biasBound`. A batch norm that takes the
   * statistics of the batch takes it out again; published networks have it all the same. Default: it has none.
   */
  readonly biasBound?: number;
}

/**
 * Convolution → batch norm → residual sum → activation.
 *
 * Parameters that are trained: `<name>.weight`, `<name>.bias` with `biasBound`, and `<name>.bn.{gamma, beta}`. Parameters
 * that are not: with frozen
 * statistics `<name>.bn.{mean, var}`, with statistics of the batch `<name>.bn.running` `[2, C]` (mean, variance).
 */
export function convBatchNorm(x: Tensor, scope: ParameterScope, name: string, options: ConvBatchNormOptions): Tensor {
  return layer(name, () => {
    const { channels, kernel, activation: kind, residual, epsilon, inference, depthwise = false } = options;
    const { group = "backbone", gammaGroup = group, betaGroup = gammaGroup, trained = true, gain = 1 } = options;
    const inputs = depthwise ? 1 : x.shape[1] ?? 1;
    const weight = scope.parameter(`${name}.weight`, [channels, inputs, kernel, kernel], {
      layout: depthwise ? "depthwise" : "convolution",
      initial: spreadOver(gain * Math.sqrt(2 / (inputs * kernel * kernel)), options.spread),
      group,
    });
    const bias = biasParameter(scope, name, { ...options, group });
    const own = { ...options, ...(bias === undefined ? {} : { epilogue: { bias } }) };
    const affine = affineParameters(scope, `${name}.bn`, channels, { gammaGroup, betaGroup, trained });
    const convolution = depthwise ? depthwiseConv2d : conv2d;
    if (options.statistics === "batch" && !inference) {
      const y = convolution(x, weight, own);
      const statistics = followed(y, scope, `${name}.bn`);
      return batchNormTraining(y, affine, { epsilon, activation: kind, residual, statistics });
    }
    const statistics = options.statistics === "batch" ? runningStatistics : frozenStatistics;
    const norm = { ...affine, ...statistics(scope, `${name}.bn`, channels) };
    const isConstant = !trained && options.statistics !== "batch" && outputTellsSide(kind) && bias === undefined;
    if (inference || isConstant) {
      const scaleAndShift = foldBatchNorm(norm, { epsilon, bias });
      return convolution(x, weight, { ...options, epilogue: { scaleAndShift, activation: kind, residual } });
    }
    return batchNorm(convolution(x, weight, own), norm, { epsilon, activation: kind, residual });
  });
}

/** The bias of a convolution, where it has one. */
function biasParameter(
  scope: ParameterScope,
  name: string,
  { channels, biasBound, group }: { readonly channels: number; readonly biasBound?: number; readonly group: string },
): Tensor | undefined {
  if (biasBound === undefined) return undefined;
  return scope.parameter(`${name}.bias`, [channels], { layout: "channels", initial: { bound: biasBound }, group });
}

/** Options of a batch norm by itself. */
export interface BatchNormLayerOptions {
  /** Applied last. */
  readonly activation: Activation;
  /** Added to the variance. */
  readonly epsilon: number;
  /** Whether the network is traced for inference only. */
  readonly inference: boolean;
  /** Whether `gamma` and `beta` are trained. Default `true`. */
  readonly trained?: boolean;
  /** As in {@link ConvBatchNormOptions}. */
  readonly statistics?: "frozen" | "batch";
  /** Parameter group of `gamma`. Default `"backbone"`. */
  readonly gammaGroup?: string;
  /** Parameter group of `beta`. Default: that of `gamma`. */
  readonly betaGroup?: string;
}

/**
 * Batch norm → activation, of any tensor, as in networks that normalise before they convolve. Its parameters have the
 * names that `convBatchNorm` gives them.
 */
export function batchNormLayer(
  x: Tensor,
  scope: ParameterScope,
  name: string,
  options: BatchNormLayerOptions,
): Tensor {
  return layer(name, () => {
    const { activation: kind, epsilon, statistics: source = "frozen", trained = true } = options;
    const { gammaGroup = "backbone", betaGroup = gammaGroup } = options;
    const channels = x.shape[1] ?? 1;
    const affine = affineParameters(scope, `${name}.bn`, channels, { gammaGroup, betaGroup, trained });
    if (source === "batch" && !options.inference) {
      const statistics = followed(x, scope, `${name}.bn`);
      return batchNormTraining(x, affine, { epsilon, activation: kind, statistics });
    }
    const statistics = source === "batch" ? runningStatistics : frozenStatistics;
    return batchNorm(x, { ...affine, ...statistics(scope, `${name}.bn`, channels) }, { epsilon, activation: kind });
  });
}

function affineParameters(
  scope: ParameterScope,
  name: string,
  channels: number,
  options: { readonly gammaGroup: string; readonly betaGroup: string; readonly trained: boolean },
) {
  const vector = (suffix: string, constant: number, group: string) =>
    scope.parameter(`${name}.${suffix}`, [channels], {
      ...{ layout: "channels", initial: { constant }, group, trainable: options.trained },
    });
  return { gamma: vector("gamma", 1, options.gammaGroup), beta: vector("beta", 0, options.betaGroup) };
}

function frozenStatistics(scope: ParameterScope, name: string, channels: number) {
  const vector = (suffix: string, constant: number) =>
    scope.parameter(`${name}.${suffix}`, [channels], { layout: "channels", initial: { constant }, trainable: false });
  return { mean: vector("mean", 0), variance: vector("var", 1) };
}

function runningParameter(scope: ParameterScope, name: string, channels: number): Tensor {
  return scope.parameter(`${name}.running`, [2, channels], {
    layout: "channels",
    initial: { constant: 0 },
    trainable: false,
  });
}

function runningStatistics(scope: ParameterScope, name: string, channels: number) {
  const running = runningParameter(scope, name, channels);
  return { mean: row(running, 0), variance: row(running, 1) };
}

/** The statistics of a batch. After the step, the running statistics move towards them. */
function followed(y: Tensor, scope: ParameterScope, name: string): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = y.shape;
  const statistics = batchNormStatistics(y);
  const running = runningParameter(scope, name, channels);
  scope.update?.(`${name}.running`, updateRunningStatistics(running, statistics, { count: batch * height * width }));
  return statistics;
}

/** Options of a convolution without bias. */
export interface ConvOptions extends ConvolutionOptions {
  /** Output channels. */
  readonly channels: number;
  /** Side of the square kernel. */
  readonly kernel: number;
  /** Added to the result: the shortcut of a residual block. Default: none. */
  readonly residual?: Tensor | undefined;
  /** Parameter group of the weight. Default `"backbone"`. */
  readonly group?: string;
}

/**
 * Convolution without bias → residual sum. Parameter: `<name>.weight`, which starts as for a ReLU before it (He et al.,
 * 2015).
 */
export function conv(x: Tensor, scope: ParameterScope, name: string, options: ConvOptions): Tensor {
  return layer(name, () => {
    const { channels, kernel, residual, group = "backbone" } = options;
    const inputs = x.shape[1] ?? 1;
    const weight = scope.parameter(`${name}.weight`, [channels, inputs, kernel, kernel], {
      layout: "convolution",
      initial: { deviation: Math.sqrt(2 / (inputs * kernel * kernel)) },
      group,
    });
    return conv2d(x, weight, { ...options, ...(residual === undefined ? {} : { epilogue: { residual } }) });
  });
}

/** Options of a convolution with bias. */
export interface ConvBiasOptions extends ConvolutionOptions {
  /** Output channels. */
  readonly channels: number;
  /** Side of the square kernel. */
  readonly kernel: number;
  /** Standard deviation of the initial weights. */
  readonly deviation: number;
  /** How the initial weights are spread. Default `"normal"`. */
  readonly spread?: Spread;
  /** The bias starts at random between −`biasBound` and `biasBound`. Default 0. */
  readonly biasBound?: number;
  /** Added to the result; it has the result's shape. Default: none. */
  readonly residual?: Tensor | undefined;
  /** Applied last. Default `"none"`. */
  readonly activation?: Activation;
  /** Parameter group of the weight. Default `"backbone"`. */
  readonly group?: string;
  /** Parameter group of the bias. Default: that of the weight. */
  readonly biasGroup?: string;
}

/** Convolution with bias → residual sum → activation. Parameters: `<name>.weight`, `<name>.bias`. */
export function convBias(x: Tensor, scope: ParameterScope, name: string, options: ConvBiasOptions): Tensor {
  return layer(name, () => {
    const { channels, kernel, deviation, biasBound, residual, activation = "none" } = options;
    const { group = "backbone", biasGroup = group } = options;
    const weight = scope.parameter(`${name}.weight`, [channels, x.shape[1] ?? 1, kernel, kernel], {
      layout: "convolution",
      initial: spreadOver(deviation, options.spread),
      group,
    });
    const bias = scope.parameter(`${name}.bias`, [channels], {
      layout: "channels",
      initial: biasBound === undefined ? { constant: 0 } : { bound: biasBound },
      group: biasGroup,
    });
    return conv2d(x, weight, { ...options, epilogue: { bias, residual, activation } });
  });
}

/**
 * Dropout in training: the trainer gives its key under `name`. In inference the result is `x` itself. Any shape.
 *
 * @param of what is dropped as one, as in {@link dropout}.
 */
export function dropoutLayer(
  x: Tensor,
  scope: ParameterScope,
  name: string,
  probability: number,
  of: "elements" | "channels" = "elements",
): Tensor {
  const { dropoutKey } = scope;
  return dropoutKey === undefined ? x : layer(name, () => dropout(x, { probability, key: dropoutKey(name), of }));
}
