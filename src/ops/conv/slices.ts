/**
 * The geometry of slices of a convolution or pooling. A slice computes some rows of the result. It reads the rows of
 * the other side that these rows are computed from.
 *
 * @module
 */

import { paddedChannels } from "../../graph/layout.ts";
import type { Range, Region } from "../../graph/slices.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { ConvolutionGeometry } from "./geometry.ts";
import type { ProductSizes } from "./product.ts";

/** A slice of a problem. */
export interface GeometrySlice<Geometry extends ConvolutionGeometry> {
  /** The sizes of the slice. They are `geometry` itself if the slice is the whole. */
  readonly geometry: Geometry;
  /** The region of the other side that the slice reads. */
  readonly source: Region;
}

/**
 * The slice that computes a region of the output. It reads the rows of the input under the region's windows. Taps
 * outside the slice's input are taps outside the image.
 */
export function outputSlice<Geometry extends ConvolutionGeometry>(
  geometry: Geometry,
  { images, rows }: Region,
): GeometrySlice<Geometry> {
  const { batch, height, outputHeight, kernelHeight, stride, dilation, paddingTop } = geometry;
  if (images.count === batch && rows.count === outputHeight) return { geometry, source: wholeRows(batch, height) };
  const top = rows.first * stride - paddingTop;
  const bottom = top + (rows.count - 1) * stride + (kernelHeight - 1) * dilation + 1;
  const source = rows.count === outputHeight ? { first: 0, count: height } : clipped(top, bottom, height);
  return {
    geometry: {
      ...geometry,
      batch: images.count,
      height: source.count,
      outputHeight: rows.count,
      paddingTop: source.first - top,
      whole: geometry.whole ?? geometry,
    },
    source: { images, rows: source },
  };
}

/**
 * The slice that computes a region of the input's gradient. It reads the rows of the output's gradient whose windows
 * hold the region's pixels. Its padding is not negative.
 */
export function inputSlice<Geometry extends ConvolutionGeometry>(
  geometry: Geometry,
  { images, rows }: Region,
): GeometrySlice<Geometry> {
  const { batch, height, outputHeight, kernelHeight, stride, dilation, paddingTop } = geometry;
  if (images.count === batch && rows.count === height) return { geometry, source: wholeRows(batch, outputHeight) };
  const padded = rows.first + paddingTop;
  const first = Math.min(Math.ceil((padded - (kernelHeight - 1) * dilation) / stride), Math.floor(padded / stride));
  const end = Math.floor((padded + rows.count - 1) / stride) + 1;
  const source = rows.count === height ? { first: 0, count: outputHeight } : clipped(first, end, outputHeight);
  return {
    geometry: {
      ...geometry,
      batch: images.count,
      height: rows.count,
      outputHeight: source.count,
      paddingTop: padded - source.first * stride,
      whole: geometry.whole ?? geometry,
    },
    source: { images, rows: source },
  };
}

/**
 * The sizes by which kernels are chosen. They are those of the whole problem, so that a slice is computed in the same
 * way.
 */
export function wholeGeometry(geometry: ConvolutionGeometry): ConvolutionGeometry {
  return geometry.whole ?? geometry;
}

/** The weights by whose shape kernels are chosen. For a slice of the weights, these are all weights. */
export function wholeWeight(geometry: ConvolutionGeometry, weight: Tensor): Tensor {
  return geometry.wholeWeight ?? weight;
}

/**
 * The sizes of a whole product, if only a slice of it is computed: `rows` of the whole geometry, and `columns` of all
 * weights `[O, I, …]`.
 */
export function wholeProduct(
  { whole, wholeWeight }: ConvolutionGeometry,
  rows: (geometry: ConvolutionGeometry) => number,
  columns: (outputVectors: number, inputVectors: number) => number,
): Partial<ProductSizes> {
  const [outputs = 1, inputs = 1] = wholeWeight?.shape ?? [];
  return {
    ...whole === undefined ? {} : { rows: rows(whole) },
    ...wholeWeight === undefined ? {} : { columns: columns(paddedChannels(outputs) / 4, paddedChannels(inputs) / 4) },
  };
}

function wholeRows(batch: number, height: number): Region {
  return { images: { first: 0, count: batch }, rows: { first: 0, count: height } };
}

/** Rows from `first` to `end` of an image, at least one. */
function clipped(first: number, end: number, height: number): Range {
  const start = Math.min(Math.max(first, 0), height - 1);
  return { first: start, count: Math.max(1, Math.min(end, height) - start) };
}
