/**
 * The reference workload for the peers: the network over any engine's kind of tensor, its tensors, and the tensors of
 * single layers.
 *
 * @module
 */

import { layerInput, type SingleLayer } from "../layer_data.ts";
import {
  batch,
  blocks,
  classes,
  epsilon,
  headRates,
  height,
  ignoreLabel,
  images,
  labels,
  layers,
  outputStride,
  parameters,
  type ReferenceLayer,
  runningStatistics,
  width,
} from "../reference_data.ts";

/** Every tensor of the workload in an engine. */
export interface WorkloadTensors<T> {
  /** Images `[N, 3, H, W]`. */
  readonly x: T;
  /** `labelShares`, `[N, classes, H, W]`. */
  readonly shares: T;
  /** `interpolationMatrix` along the rows and along the columns. */
  readonly rows: T;
  readonly columns: T;
  /** What is learned, by name. */
  readonly weights: Map<string, T>;
  /** Weight and bias of every folded layer, as `<name>.weight` and `<name>.bias`. */
  readonly folded: Map<string, T>;
}

/** What a tensor is. Engines arrange images `[N, C, H, W]` and weights `[O, I, R, S]` in different orders. */
export type TensorKind =
  | "image"
  | "weight"
  | "depthwise weight"
  | "vector"
  | "matrix";

/** An engine's tensor of values that are given in PyTorch's order. */
export type MakeTensor<T> = (
  values: Float32Array<ArrayBuffer>,
  shape: number[],
  kind: TensorKind,
) => T;

/** Makes every tensor of the workload. */
export function workloadTensors<T>(make: MakeTensor<T>): WorkloadTensors<T> {
  return {
    x: make(images(), [batch, 3, height, width], "image"),
    ...lossTensors(make),
    weights: new Map(
      parameters().map(({ name, shape, values }) => {
        return [
          name,
          make(values, [...shape], shape.length === 4 ? "weight" : "vector"),
        ];
      }),
    ),
    folded: new Map(
      [...foldedLayers().values()].flatMap((
        { name, weight, bias, channels, inputs, kernel },
      ) => [
        [
          `${name}.weight`,
          make(weight, [channels, inputs, kernel, kernel], "weight"),
        ],
        [`${name}.bias`, make(bias, [channels], "vector")],
      ]),
    ),
  };
}

/** Those of the interpolation and the loss alone. */
export function lossTensors<T>(
  make: MakeTensor<T>,
): Pick<WorkloadTensors<T>, "shares" | "rows" | "columns"> {
  const matrix = (inputs: number) =>
    make(
      interpolationMatrix(inputs),
      [inputs * outputStride, inputs],
      "matrix",
    );
  return {
    shares: make(labelShares(), [batch, classes, height, width], "image"),
    rows: matrix(height / outputStride),
    columns: matrix(width / outputStride),
  };
}

/** Inputs of a single layer by name, as `layerInput` gives them. */
export function layerTensors<T>(
  layer: SingleLayer,
  names: readonly string[],
  make: MakeTensor<T>,
): Map<string, T> {
  return new Map(names.map((name) => {
    const { shape, values } = layerInput(layer, name);
    const weight = layer.kind === "depthwise" ? "depthwise weight" : "weight";
    return [
      name,
      make(
        values,
        shape,
        name === "w" ? weight : shape.length === 4 ? "image" : "vector",
      ),
    ];
  }));
}

/** The tensor of this name. */
export function named<T>(values: ReadonlyMap<string, T>, name: string): T {
  const value = values.get(name);
  if (value === undefined) throw new Error(`There is no tensor "${name}"`);
  return value;
}

/** A convolution with the batch norm folded in. */
export interface FoldedLayer extends ReferenceLayer {
  /** `[O, I, R, S]`. */
  readonly weight: Float32Array<ArrayBuffer>;
  readonly bias: Float32Array<ArrayBuffer>;
}

/** Every layer for inference by name, the head's convolutions as `head.rate…` among them. */
export function foldedLayers(): Map<string, FoldedLayer> {
  const values = new Map([...parameters(), ...runningStatistics()].map((tensor) => [tensor.name, tensor.values]));
  const of = (name: string) => values.get(name) ?? new Float32Array();
  const folded = layers.map((layer): FoldedLayer => {
    const { name, channels } = layer;
    const running = of(`${name}.bn.running`);
    const scale = of(`${name}.bn.gamma`).map((gamma, index) =>
      gamma / Math.sqrt((running[channels + index] ?? NaN) + epsilon)
    );
    const weight = of(`${name}.weight`);
    const perChannel = weight.length / channels;
    return {
      ...layer,
      weight: weight.map((value, index) => value * (scale[Math.floor(index / perChannel)] ?? NaN)),
      bias: of(`${name}.bn.beta`).map((beta, index) => beta - (running[index] ?? NaN) * (scale[index] ?? NaN)),
    };
  });
  const heads = headRates.map((rate): FoldedLayer => ({
    ...{ name: `head.rate${rate}`, inputs: 256, channels: classes, kernel: 3, stride: 1, dilation: rate },
    weight: of(`head.rate${rate}.weight`),
    bias: of(`head.rate${rate}.bias`),
  }));
  return new Map([...folded, ...heads].map((layer) => [layer.name, layer]));
}

/** What a network is made of, for an engine whose tensors are `T`. */
export interface Operations<T> {
  /** Convolution and batch norm, then ReLU if asked. */
  readonly layer: (x: T, layer: ReferenceLayer, rectified: boolean) => T;
  /** One convolution of the head, with bias. */
  readonly head: (x: T, layer: ReferenceLayer) => T;
  readonly add: (a: T, b: T) => T;
  readonly relu: (x: T) => T;
}

/**
 * The reference network: images → logits. `keep` is called with a tensor that is used twice, and returns the tensor for
 * the second use.
 */
export function referenceNetwork<T>(images: T, operations: Operations<T>, keep: (x: T) => T = (x) => x): T {
  const [stem1, stem2] = layers;
  if (stem1 === undefined || stem2 === undefined) throw new Error("The reference network has no stem");
  let x = operations.layer(operations.layer(images, stem1, true), stem2, true);
  for (const { first, second, projection } of blocks) {
    const shortcut = keep(x);
    const y = operations.layer(operations.layer(x, first, true), second, false);
    const other = projection === undefined ? shortcut : operations.layer(shortcut, projection, false);
    x = operations.relu(operations.add(y, other));
  }
  return headRates
    .map((rate, index) =>
      operations.head(index < headRates.length - 1 ? keep(x) : x, {
        ...{ name: `head.rate${rate}`, inputs: 256, channels: classes, kernel: 3, stride: 1, dilation: rate },
      })
    )
    .reduce((sum, branch) => operations.add(sum, branch));
}

/** Padding of a layer on each side. */
export function paddingOf({ kernel, dilation }: ReferenceLayer): number {
  return kernel === 3 ? dilation : 0;
}

/** The matrix `[outputs, inputs]` of bilinear interpolation with half-pixel centres along one axis, row by row. */
export function interpolationMatrix(inputs: number): Float32Array<ArrayBuffer> {
  const outputs = inputs * outputStride;
  const matrix = new Float32Array(outputs * inputs);
  for (let output = 0; output < outputs; output++) {
    const position = Math.max(0, (output + 0.5) / outputStride - 0.5);
    const low = Math.min(inputs - 1, Math.floor(position));
    const high = Math.min(inputs - 1, low + 1);
    const share = position - low;
    matrix[output * inputs + low] = (matrix[output * inputs + low] ?? 0) + 1 - share;
    matrix[output * inputs + high] = (matrix[output * inputs + high] ?? 0) + share;
  }
  return matrix;
}

/**
 * One-hot labels `[N, classes, H, W]`, divided by the number of pixels that have a label. So the loss is −Σ labels ·
 * log p.
 */
export function labelShares(): Float32Array<ArrayBuffer> {
  const ids = labels();
  const share = 1 /
    ids.reduce((count, id) => id === ignoreLabel ? count : count + 1, 0);
  const shares = new Float32Array(ids.length * classes);
  const plane = height * width;
  for (const [pixel, id] of ids.entries()) {
    if (id !== ignoreLabel) {
      shares[
        (Math.floor(pixel / plane) * classes + id) * plane + pixel % plane
      ] = share;
    }
  }
  return shares;
}
