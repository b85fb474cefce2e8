/**
 * What is submitted to a GPU: launches of kernels and copies, and how they are sized.
 *
 * @module
 */

import type { BindingKind } from "./shader.ts";

/** A compiled kernel variant. */
export interface Pipeline {
  /** Name of the shader file. */
  readonly name: string;
  /** The compiled pipeline. */
  readonly pipeline: GPUComputePipeline;
  /** Layout of bind group 0. */
  readonly layout: GPUBindGroupLayout;
  /** Kind of each binding, in order. */
  readonly bindings: readonly BindingKind[];
}

/** Part of a buffer. All numbers are bytes; `offset` is a multiple of 256. */
export interface BufferRange {
  /** The buffer. */
  readonly buffer: GPUBuffer;
  /** First byte. */
  readonly offset: number;
  /** Length in bytes. */
  readonly size: number;
}

/** One kernel launch, ready to be encoded. */
export interface Dispatch {
  /** What a profile calls it. */
  readonly label: string;
  /** The kernel. */
  readonly pipeline: Pipeline;
  /** Its buffers. */
  readonly bindGroup: GPUBindGroup;
  /** Workgroups in x, y, z. */
  readonly workgroups: readonly [number, number, number];
  /** Estimated cost in floating-point operations. Long runs are cut into submissions by it. */
  readonly cost: number;
  /** Copies into textures that are made before the launch. */
  readonly textureCopies?: readonly TextureCopy[];
  /** Copies between buffers before the launch. */
  readonly copiesBefore?: readonly BufferCopy[];
  /** Copies between buffers after it. */
  readonly copiesAfter?: readonly BufferCopy[];
}

/** A copy of a buffer's vec4f, in order, into a texture made by `Gpu.createTexture`. */
export interface TextureCopy {
  /** What is copied; `size` is a multiple of 16. */
  readonly from: BufferRange;
  /** A texture at least as large. */
  readonly to: GPUTexture;
}

/** How many vec4f a row holds in a texture that holds a buffer's contents. */
export const textureRowVectors = 1024;

/** Most workgroups in one dimension of a dispatch (the WebGPU default limit). */
export const maxWorkgroupsPerDimension = 65535;

/** A copy between buffers after the kernels of a submission. */
export interface BufferCopy {
  /** What is copied. */
  readonly from: BufferRange;
  /** Where to. */
  readonly to: GPUBuffer;
  /** First byte of the destination. */
  readonly toOffset: number;
}

/** Encodes a copy into a texture: full rows first, then what is left of the last one. */
export function encodeTextureCopy(encoder: GPUCommandEncoder, { from, to }: TextureCopy): void {
  const rowBytes = textureRowVectors * 16;
  const rows = Math.floor(from.size / rowBytes);
  const rest = (from.size - rows * rowBytes) / 16;
  const copy = (row: number, width: number, height: number) =>
    encoder.copyBufferToTexture(
      { buffer: from.buffer, offset: from.offset + row * rowBytes, bytesPerRow: rowBytes },
      { texture: to, origin: [0, row] },
      [width, height],
    );
  if (rows > 0) copy(0, textureRowVectors, rows);
  if (rest > 0) copy(rows, rest, 1);
}

/** Bytes in ranges that one binding can see each, one after the other. */
export function bindableRanges(
  bytes: number,
  maxBindingBytes: number,
): { readonly offset: number; readonly size: number }[] {
  const most = Math.floor(maxBindingBytes / 256) * 256;
  return Array.from({ length: Math.ceil(bytes / most) }, (_, index) => ({
    offset: index * most,
    size: Math.min(most, bytes - index * most),
  }));
}

/** A buffer as a range of all its bytes. */
export function wholeRange(source: GPUBuffer | BufferRange): BufferRange {
  return "buffer" in source ? source : { buffer: source, offset: 0, size: source.size };
}

/**
 * The workgroups for a one-dimensional grid of `items` invocations. Where they are more than one dimension takes, they
 * are folded into x and y. The kernel finds its index with `gridIndex` of `lib/grid.wgsl`.
 */
export function grid(items: number, workgroupSize: number): [number, number, number] {
  const groups = Math.max(1, Math.ceil(items / workgroupSize));
  if (groups <= maxWorkgroupsPerDimension) return [groups, 1, 1];
  const rows = Math.ceil(groups / maxWorkgroupsPerDimension);
  return [Math.ceil(groups / rows), rows, 1];
}
