/**
 * Matrix products for GPUs, whose tiles of both factors go through workgroup memory. A convolution takes the same
 * kernels: they gather the rows of the left factor from the image as they read it.
 *
 * @module
 */

import leftShader from "../../../shaders/product/product_transposed_left_workgroup.wgsl" with { type: "text" };
import productShader from "../../../shaders/product/product_workgroup.wgsl" with { type: "text" };
import { maxWorkgroupsPerDimension } from "../../gpu/launch.ts";
import type { ShaderConstants } from "../../gpu/shader.ts";
import { splitSum } from "../../graph/split_sum.ts";
import type { DeviceTraits, KernelBinding, KernelCall, KernelPlan } from "../../graph/tensor.ts";
import { epilogueBindings, epilogueConstants } from "./epilogue.ts";
import { type ConvolutionGeometry, geometryConstants } from "./geometry.ts";
import type { Phases } from "./phases.ts";
import type { Product, ProductSizes } from "./product.ts";

/**
 * The smallest number of columns, in vec4f. With fewer, most of a tile would be empty, and the register form wastes
 * less.
 */
const leastColumns = 4;
/**
 * The smallest length of a sum, in vec4f: one step of the loop. For less, bringing a tile into workgroup memory costs
 * more than it saves.
 */
const leastInner = 4;
/** Rows, in tiles of 64, that a grid can have. */
export const mostRows = 64 * maxWorkgroupsPerDimension;
/**
 * The smallest part of a sum that a workgroup of a product computes, in vec4f: 16 steps. So adding the parts stays
 * cheap.
 */
export const leastInnerPerSplit = 64;
/** Bytes of scratch memory that the parts of a product may take. */
const mostPartBytes = 2 ** 25;
/** A sum is cut until there are about this many workgroups: some of them compute while others wait for memory. */
const wantedWorkgroups = 512;
/**
 * The smallest number of rows that a workgroup of a transposed-left product sums over, so that adding the parts stays
 * cheap.
 */
export const leastRowsPerSplit = 128;
/** The largest number of rows that it sums over: 16,384 iterations of its loop. */
const mostRowsPerSplit = 2 ** 18;

/**
 * How a workgroup covers its tile: the rows of the tile, and how many invocations stand side by side; each takes four
 * columns.
 */
interface Tile {
  readonly rows: number;
  readonly columnThreads: number;
}

/**
 * Heights of a tile in rows, the largest first. A height is taken if it leaves at least `leastWorkgroups`. Measured on
 * 132 cores: with 288 workgroups of 128 rows, 64 rows are a tenth faster; with 1024 workgroups they are 4 % slower. 64
 * workgroups of 64 rows take 1.2 times as long as 256 of 16.
 */
const tileRows = [{ rows: 128, leastWorkgroups: 512 }, { rows: 64, leastWorkgroups: 160 }] as const;

/**
 * The patches of an image that a convolution multiplies by its weights. They are the rows of a matrix that is never
 * stored.
 */
export interface Patches {
  readonly geometry: ConvolutionGeometry;
  /** vec4f of channels of a pixel. */
  readonly vectors: number;
  /** For an input gradient with a stride: its phases, one batch of the product each. The image is then dy. */
  readonly phases?: Phases;
}

/**
 * Whether a product goes through workgroup memory. It does not on software adapters, where barriers and workgroup
 * memory gain nothing, nor for narrow factors, where most of a tile would be empty.
 */
export function usesWorkgroups(sizes: ProductSizes, device: DeviceTraits): boolean {
  const { rows, inner, columns } = wholeSizes(sizes);
  const staging = device.schedule?.staging;
  if (staging !== undefined) return staging === "workgroup";
  return !device.software && columns >= leastColumns && inner >= leastInner && rows <= mostRows;
}

/** A product through workgroup memory. */
export interface WorkgroupProduct extends Product {
  /** The right factor is stored as `[batches, columns, inner]`, and transposed on its way into workgroup memory. */
  readonly transposed?: boolean;
  /** Where the left factor is the patches of an image. */
  readonly patches?: Patches;
  /** Floating-point operations, where they are not those of the whole matrices. */
  readonly flops?: number;
}

/**
 * The launches of left · right into a tensor of `bytes` bytes. The sum is cut into parts where `inner` is long and the
 * grid is small.
 */
export function workgroupProductKernels(product: WorkgroupProduct, bytes: number, device: DeviceTraits): KernelPlan {
  const { epilogue, ...plain } = product;
  const { sizes } = product;
  const whole = wholeSizes(sizes);
  const wholeBytes = bytes * (whole.rows * whole.columns) / (sizes.rows * sizes.columns);
  const splits = productSplits(whole, device);
  const parts = splits === 1 ? product : plain;
  return splitSum(splits, bytes, device, (target) => workgroupProductCall(parts, splits, target, device), {
    constants: epilogue === undefined ? {} : { ...epilogueConstants(epilogue), VECTORS: sizes.columns },
    bindings: (unread) => epilogueBindings(epilogue, unread),
    wholeBytes,
  });
}

/** The launch of left · right, with the sum over `inner` in `splits` parts. With an epilogue there is only one. */
export function workgroupProductCall(
  product: WorkgroupProduct,
  splits: number,
  output: KernelBinding,
  device: DeviceTraits,
): KernelCall {
  const { sizes, patches, epilogue, transposed = false } = product;
  const tile = chooseTile(wholeSizes(sizes), splits, device);
  return {
    shader: { name: "product/product_workgroup", text: productShader, includes: leftInclude(patches) },
    constants: {
      ...patchConstants(patches),
      COLUMN_THREADS: tile.columnThreads,
      ROW_THREADS: tile.rows / threadRows(tile),
      THREAD_ROWS: threadRows(tile),
      SPLITS: splits,
      TRANSPOSED: transposed,
      ...epilogueConstants(epilogue),
    },
    bindings: [
      ...[product.left, product.right, sizesUniform(sizes), ...epilogueBindings(epilogue, product.right), output],
      ...patches?.phases === undefined ? [] : [patches.phases.table],
    ],
    workgroups: workgroupGrid(sizes, splits, tile),
    iterations: Math.ceil(sizes.inner / splits / 4),
    flops: product.flops ?? productFlops(sizes),
  };
}

/** The launch of leftᵀ · right, with the sum over rows in `splits` parts. */
export function workgroupTransposedLeftCall(
  product: Pick<Product, "left" | "right" | "sizes"> & { readonly patches?: Patches },
  splits: number,
  output: KernelBinding,
  device: DeviceTraits,
): KernelCall {
  const { sizes, patches } = product;
  const columnThreads = weightColumnThreads(sizes, device);
  return {
    shader: { name: "product/product_transposed_left_workgroup", text: leftShader, includes: leftInclude(patches) },
    constants: { ...patchConstants(patches), COLUMN_THREADS: columnThreads, SPLITS: splits },
    bindings: [product.left, product.right, sizesUniform(sizes), output],
    workgroups: transposedLeftGrid(sizes, splits, columnThreads),
    iterations: Math.ceil(sizes.rows / splits / 16),
    flops: productFlops(sizes),
  };
}

/**
 * The number of parts of the sum over `inner` that fills a GPU. It is one unless the grid is small and the sum long.
 */
function productSplits(sizes: ProductSizes, device: DeviceTraits): number {
  const { batches, rows, inner, columns } = sizes;
  const most = Math.min(
    Math.floor(inner / leastInnerPerSplit),
    Math.floor(mostPartBytes / (batches * rows * columns * 16)),
  );
  const isFull = device.schedule?.tile === undefined && fillingTile(sizes) !== undefined;
  const grid = workgroupGrid(sizes, 1, splitTile(sizes, device));
  const wanted = device.schedule?.splits ?? (isFull ? 1 : Math.ceil(wantedWorkgroups / count(grid)));
  return Math.max(1, Math.min(wanted, most));
}

/** The number of parts of the sum over rows that fills a GPU. */
export function workgroupSplits(sizes: ProductSizes, device: DeviceTraits): number {
  const whole = wholeSizes(sizes);
  const grid = transposedLeftGrid(whole, 1, weightColumnThreads(whole, device));
  const wanted = device.schedule?.splits ?? Math.ceil(wantedWorkgroups / count(grid));
  const most = Math.max(1, Math.floor(sizes.rows / leastRowsPerSplit));
  return Math.max(Math.min(wanted, most), Math.ceil(sizes.rows / mostRowsPerSplit));
}

/** The sizes by which kernels are chosen. For a slice they are those of the whole product. */
function wholeSizes(sizes: ProductSizes): ProductSizes {
  return { ...sizes, ...sizes.whole };
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
  const form = patches === undefined ? "rows" : patches.phases === undefined ? "patches" : "phases";
  return { LEFT: `lib/left_${form}.wgsl` };
}

function patchConstants(patches: Patches | undefined): ShaderConstants {
  if (patches === undefined) return {};
  const { geometry, vectors, phases } = patches;
  return { ...geometryConstants(geometry), INPUT_VECTORS: vectors, ...phases?.constants };
}

/**
 * The tile of each part where the sum is cut. Otherwise one that fills a large GPU, or the smallest where none does.
 */
function chooseTile(sizes: ProductSizes, splits: number, device: DeviceTraits): Tile {
  if (device.schedule?.tile !== undefined || splits > 1) return splitTile(sizes, device);
  const columnThreads = columnThreadsOf(sizes);
  return fillingTile(sizes) ?? { rows: 256 / columnThreads, columnThreads };
}

/** The largest tile that leaves enough workgroups for a large GPU. `undefined` where only the smallest does. */
function fillingTile(sizes: ProductSizes): Tile | undefined {
  const columnThreads = columnThreadsOf(sizes);
  const filled = tileRows.find(({ rows, leastWorkgroups }) =>
    count(workgroupGrid(sizes, 1, { rows, columnThreads })) >= leastWorkgroups
  );
  return filled && { rows: filled.rows, columnThreads };
}

function columnThreadsOf({ columns }: ProductSizes): number {
  return columns <= 8 ? 8 : 16;
}

/**
 * The tile of each part where a sum is cut: 64 rows. With fewer, the tiles would read more than adding the parts costs.
 */
function splitTile(sizes: ProductSizes, device: DeviceTraits): Tile {
  const [rows, columnThreads] = device.schedule?.tile ?? [64, columnThreadsOf(sizes)];
  return { rows, columnThreads };
}

/** Rows of one invocation. Tall ones read less of the workgroup's memory. */
function threadRows({ rows, columnThreads }: Tile): number {
  return rows >= 128 && columnThreads === 16 ? 8 : 4;
}

function workgroupGrid(
  { batches, rows, columns }: ProductSizes,
  splits: number,
  tile: Tile,
): [number, number, number] {
  return [Math.ceil(columns / tile.columnThreads), Math.ceil(rows / tile.rows), splits * batches];
}

/** Invocations side by side in the tile of a weight gradient. A workgroup has 256. */
function weightColumnThreads(sizes: ProductSizes, device: DeviceTraits): number {
  return device.schedule?.tile?.[1] ?? columnThreadsOf(sizes);
}

function transposedLeftGrid(
  { batches, inner, columns }: ProductSizes,
  splits: number,
  columnThreads: number,
): [number, number, number] {
  return [Math.ceil(columns / columnThreads), Math.ceil(inner * columnThreads / 256), splits * batches];
}

function count([x, y, z]: readonly [number, number, number]): number {
  return x * y * z;
}
