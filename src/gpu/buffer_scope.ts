/**
 * Buffers that live as long as a block: `using buffers = new BufferScope(gpu)` frees them however the block ends.
 *
 * @module
 */

import type { Gpu } from "./gpu.ts";

/** The buffers of a block. */
export class BufferScope {
  readonly #buffers = new Set<GPUBuffer>();

  /** An empty scope. */
  constructor(readonly gpu: Gpu) {}

  /** A buffer that is freed with the scope. */
  create(bytes: number, label: string): GPUBuffer {
    const buffer = this.gpu.createBuffer(bytes, label);
    this.#buffers.add(buffer);
    return buffer;
  }

  /** Frees a buffer now. */
  free(buffer: GPUBuffer): void {
    if (this.#buffers.delete(buffer)) this.gpu.destroyBuffer(buffer);
  }

  /** Leaves a buffer to the caller. */
  release(buffer: GPUBuffer): GPUBuffer {
    this.#buffers.delete(buffer);
    return buffer;
  }

  /** Frees what is left. */
  [Symbol.dispose](): void {
    for (const buffer of this.#buffers) this.gpu.destroyBuffer(buffer);
    this.#buffers.clear();
  }
}
