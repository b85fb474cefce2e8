/**
 * Launches of batched matrix products. A convolution with a 1×1 kernel is such a product, forward and in both
 * gradients.
 *
 * @module
 */

import productShader from "../../../shaders/product/product.wgsl" with { type: "text" };
import transposedLeftShader from "../../../shaders/product/product_transposed_left.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import type { DeviceTraits, KernelBinding, KernelCall, KernelPlan, StoredBinding } from "../../graph/tensor.ts";
import { type Epilogue, epilogueBindings, epilogueConstants } from "./epilogue.ts";
import { type ConvolutionGeometry, largestDivisor } from "./geometry.ts";
import { operands } from "./operands.ts";
import { wholeGeometry } from "./slices.ts";
import {
  productFlops,
  sizesUniform,
  usesWorkgroups,
  workgroupProductCall,
  workgroupProductKernels,
  workgroupTransposedLeftCall,
} from "./workgroup_product.ts";

/**
 * Widths of a register tile on software adapters, in vec4f of columns. The first that divides the columns is taken.
 * Five serve 17 to 20 channels.
 */
const softwareVectors: readonly number[] = [8, 6, 5, 4, 3, 2];

/** Sizes of `[batches, rows, inner] · [batches, inner, columns]`; `inner` and `columns` count vec4f. */
export interface ProductSizes {
  readonly batches: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** If this is a slice: the sizes of the whole product that differ from these. Kernels are chosen by them. */
  readonly whole?: Partial<ProductSizes>;
}

/** Whether a convolution reads each input pixel once, at its own place, so that it is a product of matrices. */
export function isProduct(problem: ConvolutionGeometry): boolean {
  const geometry = wholeGeometry(problem);
  const { kernelHeight, kernelWidth, stride, paddingTop, paddingLeft } = geometry;
  return kernelHeight * kernelWidth === 1 && stride === 1 && paddingTop === 0 && paddingLeft === 0 &&
    geometry.outputHeight === geometry.height && geometry.outputWidth === geometry.width;
}

/** The factors of a product, and what is done with its result. */
export interface Product {
  readonly left: StoredBinding;
  readonly right: StoredBinding;
  readonly sizes: ProductSizes;
  readonly epilogue?: Epilogue | undefined;
}

/**
 * The launches of left · right into a tensor of `bytes` bytes. On GPUs the sum over `inner` is cut into parts where it
 * is long and the grid is small.
 */
export function productKernels(product: Product, bytes: number, device: DeviceTraits): KernelPlan {
  if (usesWorkgroups(product.sizes, device)) return workgroupProductKernels(product, bytes, device);
  return { calls: [productCall(product, "output", device)] };
}

/** left · right, with an optional epilogue. */
export function productCall(product: Product, output: KernelBinding, device: DeviceTraits): KernelCall {
  if (usesWorkgroups(product.sizes, device)) return workgroupProductCall(product, 1, output, device);
  const { sizes, epilogue } = product;
  const { includes, bindings } = operands(device, product.left, product.right);
  const tile = productTile(sizes.columns, device);
  const tiles = sizes.batches * Math.ceil(sizes.rows / tile.rows) * (sizes.columns / tile.vectors);
  return {
    shader: { name: "product/product", text: productShader, includes },
    constants: {
      TILE_ROWS: tile.rows,
      TILE_VECTORS: tile.vectors,
      ...epilogueConstants(epilogue),
    },
    bindings: [...bindings, sizesUniform(sizes), ...epilogueBindings(epilogue, product.right), output],
    workgroups: grid(tiles, 64),
    iterations: sizes.inner,
    flops: productFlops(sizes),
  };
}

/**
 * The launch of leftᵀ · right: `[batches, rows, inner]ᵀ · [batches, rows, columns]` → `[splits, batches, inner,
 * columns]`. The sum over rows is left in `splits` parts.
 */
export function transposedLeftProductCall(
  product: Pick<Product, "left" | "right" | "sizes">,
  splits: number,
  output: KernelBinding,
  device: DeviceTraits,
): KernelCall {
  if (usesWorkgroups(product.sizes, device)) return workgroupTransposedLeftCall(product, splits, output, device);
  const { sizes } = product;
  const { includes, bindings } = operands(device, product.left, product.right);
  const tile = transposedLeftTile(sizes, device);
  const tiles = sizes.batches * (sizes.inner / tile.inner) * (sizes.columns / tile.vectors);
  return {
    shader: { name: "product/product_transposed_left", text: transposedLeftShader, includes },
    constants: {
      TILE_INNER: tile.inner,
      TILE_VECTORS: tile.vectors,
      STEP_ROWS: device.software ? 2 : 1,
    },
    bindings: [...bindings, sizesUniform(sizes, splits), output],
    workgroups: grid(splits * tiles, 64),
    iterations: Math.ceil(sizes.rows / splits),
    flops: productFlops(sizes),
  };
}

/** Register tile of a weight gradient: vec4f of the left factor's columns × vec4f of the right factor's. */
export function transposedLeftTile(
  sizes: Pick<ProductSizes, "inner" | "columns">,
  device: DeviceTraits,
): { inner: number; vectors: number } {
  if (device.schedule?.tile !== undefined) {
    const [inner, vectors] = device.schedule.tile;
    return { inner, vectors };
  }
  return {
    inner: largestDivisor(sizes.inner, device.software ? [4, 3, 2] : [2]),
    vectors: largestDivisor(sizes.columns, device.software ? softwareVectors : [2]),
  };
}

/**
 * Register tile of a product: rows × vec4f of columns. On a software adapter a tile far larger than the registers is
 * still a gain, since every load that it saves is worth some ten multiply-adds: 13 → 17 GFLOP/s per core from 16 × 4 to
 * 24 × 8.
 */
function productTile(columns: number, device: DeviceTraits): { rows: number; vectors: number } {
  if (device.schedule?.tile !== undefined) {
    const [rows, vectors] = device.schedule.tile;
    return { rows, vectors };
  }
  if (device.software) return { rows: 24, vectors: largestDivisor(columns, softwareVectors) };
  const vectors = largestDivisor(columns, [2]);
  return { vectors, rows: vectors === 2 ? 4 : 8 };
}
