/**
 * Products for GPUs: tiles of the factors go through workgroup memory. Convolutions that are no product of stored matrices
 * take the same kernels, with the rows of the left factor gathered from an image.
 *
 * @module
 */

import leftShader from "../../../shaders/product/product_transposed_left_workgroup.wgsl" with { type: "text" };
import productShader from "../../../shaders/product/product_workgroup.wgsl" with { type: "text" };
import { maxWorkgroupsPerDimension } from "../../gpu/launch.ts";
import type { ShaderConstants } from "../../gpu/shader.ts";
import type { DeviceTraits, KernelBinding, KernelCall } from "../../graph/tensor.ts";
import { activationConstants } from "../activation/kind.ts";
import { type ConvolutionGeometry, geometryConstants, taps } from "./geometry.ts";
import type { Product, ProductSizes } from "./product.ts";

/** Invocations of a workgroup. */
const threads = 256;
/** Columns, in vec4f, below which most of a tile would be empty: the register form wastes less. */
const leastColumns = 4;
/** Length of a sum, in vec4f, below which a tile costs more to stage than it saves: that of one step. */
const leastInner = 4;
/** Rows, in tiles of 64, that a grid can have. */
export const mostRows = 64 * maxWorkgroupsPerDimension;
/** Workgroups that a large GPU needs at once. */
const wantedWorkgroups = 128;
/** Rows that a workgroup of a transposed-left product sums over, at least, so that adding the parts stays cheap. */
export const leastRowsPerSplit = 128;
/** Rows that it sums over, at most: 16,384 iterations of its loop. */
const mostRowsPerSplit = 2 ** 18;

/** How a workgroup covers its tile: invocations side by side, four columns each, and rows of each of them. */
interface Tile {
  readonly columnThreads: number;
  readonly threadRows: number;
}

/** The patches of an image that a convolution multiplies by its weights: rows of a matrix that is never stored. */
export interface Patches {
  readonly geometry: ConvolutionGeometry;
  /** vec4f of channels of a pixel. */
  readonly vectors: number;
}

/**
 * Whether a product goes through workgroup memory. Not on software adapters, where barriers and workgroup memory gain nothing,
 * and not for narrow factors, where most of a tile would be empty.
 */
export function usesWorkgroups({ rows, inner, columns }: ProductSizes, device: DeviceTraits): boolean {
  const staging = device.schedule?.staging;
  if (staging !== undefined) return staging === "workgroup";
  return !device.software && columns >= leastColumns && inner >= leastInner && rows <= mostRows;
}

/** left · right; `patches` says that the left factor is an image, seen by a kernel. */
export function workgroupProductCall(
  product: Product & { readonly patches?: Patches },
  output: KernelBinding,
  device: DeviceTraits,
): KernelCall {
  const { sizes, patches, epilogue, transposed = false } = product;
  const tile = chooseTile(sizes, device);
  return {
    shader: { name: "product/product_workgroup", text: productShader, includes: leftInclude(patches) },
    constants: {
      ...patchConstants(patches),
      COLUMN_THREADS: tile.columnThreads,
      THREAD_ROWS: tile.threadRows,
      TAPS: patches === undefined ? 1 : taps(patches.geometry),
      TRANSPOSED: transposed,
      HAS_EPILOGUE: epilogue !== undefined,
      ...activationConstants(epilogue?.activation ?? "none"),
    },
    bindings: [product.left, product.right, sizesUniform(sizes), epilogue?.scaleAndShift ?? product.right, output],
    workgroups: workgroupGrid(sizes, tile),
    iterations: Math.ceil(sizes.inner / 4),
    flops: productFlops(sizes),
  };
}

/** leftᵀ · right, the sum over rows in `splits` parts. */
export function workgroupTransposedLeftCall(
  product: Pick<Product, "left" | "right" | "sizes"> & { readonly patches?: Patches },
  splits: number,
  output: KernelBinding,
): KernelCall {
  const { sizes, patches } = product;
  return {
    shader: { name: "product/product_transposed_left_workgroup", text: leftShader, includes: leftInclude(patches) },
    constants: { ...patchConstants(patches), SPLITS: splits },
    bindings: [product.left, product.right, sizesUniform(sizes), output],
    workgroups: transposedLeftGrid(sizes, splits),
    iterations: Math.ceil(sizes.rows / splits / 16),
    flops: productFlops(sizes),
  };
}

/** Parts of the sum over rows that fill a GPU. */
export function workgroupSplits(sizes: ProductSizes, device: DeviceTraits): number {
  const wanted = device.schedule?.splits ?? Math.ceil(wantedWorkgroups / count(transposedLeftGrid(sizes, 1)));
  const most = Math.max(1, Math.floor(sizes.rows / leastRowsPerSplit));
  return Math.max(Math.min(wanted, most), Math.ceil(sizes.rows / mostRowsPerSplit));
}

/** Sizes of a product as its shaders read them. */
export function sizesUniform(
  { rows, inner, columns, batches }: ProductSizes,
  ...more: readonly number[]
): KernelBinding {
  return { uniform: [rows, inner, columns, batches, ...more] };
}

/** Floating-point operations of a product, padding channels included. */
export function productFlops({ batches, rows, inner, columns }: ProductSizes): number {
  return 2 * batches * rows * inner * 4 * columns * 4;
}

function leftInclude(patches: Patches | undefined): Record<string, string> {
  return { LEFT: `lib/left_${patches === undefined ? "rows" : "patches"}.wgsl` };
}

function patchConstants(patches: Patches | undefined): ShaderConstants {
  return patches === undefined ? {} : { ...geometryConstants(patches.geometry), INPUT_VECTORS: patches.vectors };
}

/** The largest tile that is filled and leaves a workgroup for every core of a large GPU. */
function chooseTile(sizes: ProductSizes, device: DeviceTraits): Tile {
  if (device.schedule?.tile !== undefined) {
    const [threadRows, columnThreads] = device.schedule.tile;
    return { columnThreads, threadRows };
  }
  if (sizes.columns <= 8) return { columnThreads: 8, threadRows: 4 };
  const tall = { columnThreads: 16, threadRows: 8 };
  const isFilled = sizes.rows >= tileRows(tall) && count(workgroupGrid(sizes, tall)) >= wantedWorkgroups;
  return isFilled ? tall : { columnThreads: 16, threadRows: 4 };
}

function tileRows({ columnThreads, threadRows }: Tile): number {
  return threads / columnThreads * threadRows;
}

function workgroupGrid({ batches, rows, columns }: ProductSizes, tile: Tile): [number, number, number] {
  return [Math.ceil(columns / tile.columnThreads), Math.ceil(rows / tileRows(tile)), batches];
}

function transposedLeftGrid({ batches, inner, columns }: ProductSizes, splits: number): [number, number, number] {
  return [Math.ceil(columns / 16), Math.ceil(inner / 16), splits * batches];
}

function count([x, y, z]: readonly [number, number, number]): number {
  return x * y * z;
}
