/**
 * The single layers on which engines are compared. This file knows no engine. It holds their sizes, their inputs as
 * functions of an index, and what PyTorch computes of them in float64 (`bench/layers.json`, written by
 * `bench/layers.py`).
 *
 * @module
 */

import file from "./layers.json" with { type: "json" };
import { generated, labels, mixed, outputStride, type ReferenceLayer, textHash } from "./reference_data.ts";

/** What is asked of a layer. Only convolutions, depthwise ones too, are asked for `dx` and `dw` by themselves. */
export type Direction = "forward" | "dx" | "dw" | "forward+backward";

/** A result of a layer: its elements at `samplePositions`. */
export interface LayerValues {
  readonly direction: Direction;
  /** `y`, or `d` with the name of the input. */
  readonly result: string;
  readonly samples: readonly number[];
}

/** A layer by itself. A 3×3 kernel is padded by `dilation`, a 1×1 kernel by 0. */
export interface SingleLayer extends ReferenceLayer {
  /**
   * `batch norm` is followed by ReLU. It has frozen statistics in `forward`, and those of the batch in
   * `forward+backward`. `upsample` is bilinear by 8 with half-pixel centres. `cross-entropy` is the same with the
   * softmax and the mean loss over the labels of the reference workload.
   */
  readonly kind: "convolution" | "depthwise" | "batch norm" | "max pool" | "upsample" | "cross-entropy";
  readonly batch: number;
  /** Rows it reads. */
  readonly height: number;
  /** Columns it reads. */
  readonly width: number;
  /** What PyTorch computes. */
  readonly values: readonly LayerValues[];
}

/** Every layer. */
export const singleLayers = file.layers as readonly SingleLayer[];

/** The layer of this name. */
export function layerNamed(name: string): SingleLayer {
  const layer = singleLayers.find((layer) => layer.name === name);
  if (layer === undefined) throw new Error(`There is no layer "${name}" in bench/layers.json`);
  return layer;
}

/** The questions that a layer answers. */
export function directionsOf({ values }: SingleLayer): Direction[] {
  return [...new Set(values.map(({ direction }) => direction))];
}

/**
 * An input by name, in PyTorch's order: `x`, `w`, `dy` (the gradient at the result), `gamma`, `beta`, `mean`,
 * `variance`.
 */
export function layerInput(layer: SingleLayer, name: string): { shape: number[]; values: Float32Array<ArrayBuffer> } {
  const { kind, batch, inputs, channels, height, width, kernel } = layer;
  // The input of a pooling is not negative, as after a ReLU, so that padding with zeros never wins.
  if (name === "x") return input(name, [batch, inputs, height, width], kind === "max pool" ? [0.5, 0.5] : [1, 0]);
  if (name === "w") return input(name, [channels, kind === "depthwise" ? 1 : inputs, kernel, kernel], [0.1, 0]);
  if (name === "dy") return input(name, outputShape(layer), [1, 0]);
  if (name === "gamma" || name === "variance") return input(name, [channels], [0.5, 1]);
  return input(name, [channels], [0.5, 0]);
}

function input(name: string, shape: number[], [spread, middle]: readonly [number, number]) {
  return { shape, values: generated(name, shape, spread, middle).values };
}

/** The labels `[N, H, W]` of `cross-entropy`. */
export function layerLabels(): Uint8Array<ArrayBuffer> {
  return labels();
}

/**
 * Shape of what the layer computes from its image. For `cross-entropy` it is the shape of the interpolated logits.
 */
export function outputShape({ kind, batch, channels, height, width, stride }: SingleLayer): number[] {
  const factor = kind === "upsample" || kind === "cross-entropy" ? outputStride : 1 / stride;
  return [batch, channels, height * factor, width * factor];
}

/** Which elements of a result of `length` elements are compared, counted in PyTorch's order. */
export function samplePositions(length: number): number[] {
  return Array.from({ length: Math.min(32, length) }, (_, index) => mixed(index, textHash("samples")) % length);
}

/**
 * Whether the sampled results of a layer are PyTorch's: each within 1e-3 of the largest sample of its tensor.
 *
 * @param found by name of the result.
 */
export function layerIsRight(
  layer: SingleLayer,
  direction: Direction,
  found: Readonly<Record<string, readonly number[]>>,
): boolean {
  const wanted = layer.values.filter((values) => values.direction === direction);
  return wanted.length > 0 && wanted.every(({ result, samples }) => {
    const largest = Math.max(...samples.map(Math.abs));
    return samples.every((value, index) => Math.abs((found[result]?.[index] ?? NaN) - value) <= 1e-3 * largest);
  });
}
