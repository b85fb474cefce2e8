/**
 * The GPU: adapter, device, limits, errors, buffers with a count of their bytes, pipelines, and read-back. Knows
 * nothing of tensors.
 *
 * WebGPU reports most mistakes to a listener and not to the caller. So this class listens and keeps the first error.
 * Every `submit`, read-back and `check` throws it.
 *
 * @module
 */

import { DeviceLostError, OutOfBudgetError } from "../errors.ts";
import { type AdapterKind, measureKind } from "./adapter_kind.ts";
import { type AdapterChoice, requestAdapter } from "./adapters.ts";
import {
  type BufferCopy,
  type BufferRange,
  type Dispatch,
  maxWorkgroupsPerDimension,
  type Pipeline,
  textureRowVectors,
  wholeRange,
} from "./launch.ts";
import { bindResources, type Compilation, compilePipeline, launchEmpty } from "./pipeline.ts";
import { type ShaderConstants, type ShaderSource, specialize } from "./shader.ts";
import { encodeSubmission } from "./submission.ts";
import { launchCost, SubmissionPace } from "./submission_pace.ts";
import { SubmissionTimes, type TimeListener } from "./submission_times.ts";

/** What `Gpu.open` may be told. */
export interface GpuOptions extends AdapterChoice {
  /** Keep WebGPU's default limits even where the adapter offers more. A test of portability. Default `false`. */
  readonly defaultLimits?: boolean;
  /**
   * The most bytes to bind at once, even if the adapter can bind more. For testing slices. Default: what the adapter
   * can bind.
   */
  readonly maxBindingBytes?: number;
  /**
   * Finds the schedules that were measured to be fast on an adapter. Keys are shape classes, values names of schedules.
   * Default: none.
   */
  readonly tuning?: (adapter: GPUAdapter) => ReadonlyMap<string, string>;
  /**
   * Tells what kind an adapter is; calling `measure` measures it. Default: `measure` at each open, which takes some 50
   * ms.
   */
  readonly kind?: (adapter: GPUAdapter, measure: () => Promise<AdapterKind>) => AdapterKind | Promise<AdapterKind>;
}

/** Bytes that a buffer of `Gpu.createBuffer` takes. */
export function bufferBytes(bytes: number): number {
  return Math.max(16, Math.ceil(bytes / 16) * 16);
}

/** Bytes that a texture of `Gpu.createTexture` takes. */
export function textureBytes(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / (16 * textureRowVectors))) * 16 * textureRowVectors;
}

/** An opened device. Close it with `close()` or `using`. */
export class Gpu {
  /** The device. */
  readonly device: GPUDevice;
  /** Vendor, architecture and description of the adapter. */
  readonly info: GPUAdapterInfo;
  /** Whether per-kernel times can be taken. */
  readonly hasTimestamps: boolean;
  /** Largest buffer range that one binding can see, in bytes. */
  readonly maxBindingBytes: number;
  /** Largest buffer, in bytes; it may be larger than what one binding can see. */
  readonly maxBufferBytes: number;
  /** Names of schedules by shape class, which programs compiled on this device follow. */
  readonly tuning: ReadonlyMap<string, string>;
  #failure: Error | null = null;
  #closing = false;
  #allocatedBytes = 0;
  #peakBytes = 0;
  #times: SubmissionTimes | null = null;
  readonly #pace = new SubmissionPace();
  #kind: AdapterKind = { software: false };
  readonly #compilations = new Map<string, Compilation>();
  readonly #launched = new Set<Pipeline>();
  readonly #onVariant: ((name: string, text: string) => void) | undefined = shaderListener;

  private constructor(
    adapter: GPUAdapter,
    device: GPUDevice,
    tuning: ReadonlyMap<string, string>,
    maxBindingBytes = Infinity,
  ) {
    this.device = device;
    this.info = adapter.info;
    this.hasTimestamps = device.features.has("timestamp-query");
    this.maxBindingBytes = Math.min(device.limits.maxStorageBufferBindingSize, maxBindingBytes);
    this.maxBufferBytes = device.limits.maxBufferSize;
    this.tuning = tuning;
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      const { error } = event as GPUUncapturedErrorEvent;
      this.#failure ??= new Error(`The GPU refused a command: ${error.message}`);
    });
    device.lost.then((info) => {
      if (this.#closing) return;
      this.#failure = new DeviceLostError(`The GPU was lost (${info.reason}): ${info.message}`);
    });
  }

  /**
   * Opens the adapter with the limits it needs.
   *
   * @throws {Error} if no adapter is found, or none that is called so.
   */
  static async open(options: GpuOptions = {}): Promise<Gpu> {
    const adapter = await requestAdapter(options);
    const requiredFeatures: GPUFeatureName[] = adapter.features.has("timestamp-query") ? ["timestamp-query"] : [];
    const requiredLimits: Record<string, number> = options.defaultLimits ? {} : {
      maxBufferSize: adapter.limits.maxBufferSize,
      maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
    };
    const tuning = options.tuning?.(adapter) ?? new Map<string, string>();
    const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
    const gpu = new Gpu(adapter, device, tuning, options.maxBindingBytes);
    try {
      const measure = () => measureKind(gpu);
      gpu.#kind = await (options.kind?.(adapter, measure) ?? measure());
      return gpu;
    } catch (error) {
      gpu.close();
      throw error;
    }
  }

  /** What kind of adapter it is: which kernels suit it. */
  get kind(): AdapterKind {
    return this.#kind;
  }

  /** Bytes of all live buffers made by this object, now. */
  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** The most bytes that were live at one time, since the device was opened or `resetPeak` called. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Forgets the peak, so that it starts anew from what is live now. */
  resetPeak(): void {
    this.#peakBytes = this.#allocatedBytes;
  }

  /** Throws the first error that the device reported, if any. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /**
   * Makes a zeroed buffer for storage and copies, of `bytes` rounded up to 16.
   *
   * @throws {OutOfBudgetError} if that is more than {@link maxBufferBytes}.
   */
  createBuffer(bytes: number, label: string, usage: GPUBufferUsageFlags = 0): GPUBuffer {
    const size = bufferBytes(bytes);
    if (size > this.maxBufferBytes) {
      throw new OutOfBudgetError(
        `Cannot allocate "${label}": it takes ${size} bytes, this adapter has buffers of at most ${this.maxBufferBytes}`,
        "tensor too large",
      );
    }
    this.#allocatedBytes += size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#allocatedBytes);
    return this.device.createBuffer({
      label,
      size,
      usage: usage ||
        GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
  }

  /** Frees a buffer made by `createBuffer`. */
  destroyBuffer(buffer: GPUBuffer): void {
    this.#allocatedBytes -= buffer.size;
    buffer.destroy();
  }

  /** Makes a texture that holds at least `bytes` as rows of 1024 vec4f. */
  createTexture(bytes: number, label: string): GPUTexture {
    const size = textureBytes(bytes);
    const height = size / (16 * textureRowVectors);
    this.#allocatedBytes += size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#allocatedBytes);
    return this.device.createTexture({
      label,
      size: [textureRowVectors, height],
      format: "rgba32float",
      usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST,
    });
  }

  /** Frees a texture made by `createTexture`. */
  destroyTexture(texture: GPUTexture): void {
    this.#allocatedBytes -= texture.height * texture.width * 16;
    texture.destroy();
  }

  /**
   * The compiled pipeline of a shader file with these constants. Each is compiled once and kept.
   *
   * @throws {Error} with the compiler's messages.
   */
  async pipeline(source: ShaderSource, constants: ShaderConstants = {}): Promise<Pipeline> {
    return await checked(this.#compile(source, constants));
  }

  /**
   * Makes one launch: compiles the kernel, binds its buffers and fixes its number of workgroups.
   *
   * @throws {RangeError} if there are too many workgroups, or a range is larger than {@link maxBindingBytes}.
   */
  async dispatch(
    source: ShaderSource,
    constants: ShaderConstants,
    resources: readonly (GPUBuffer | BufferRange | GPUTexture)[],
    workgroups: readonly [number, number, number],
    label: string = source.name,
  ): Promise<Dispatch> {
    const compilation = this.#compile(source, constants);
    const { pipeline } = compilation;
    if (workgroups.some((count) => count < 1 || count > maxWorkgroupsPerDimension)) {
      throw new RangeError(`Cannot dispatch ${label}: ${workgroups.join("×")} workgroups, each must be 1 to 65535`);
    }
    const ranges = resources.map((resource) => resource instanceof GPUTexture ? resource : wholeRange(resource));
    const largest = Math.max(0, ...ranges.map((range) => range instanceof GPUTexture ? 0 : range.size));
    if (largest > this.maxBindingBytes) {
      throw new RangeError(
        `Cannot dispatch ${label}: it binds ${largest} bytes at once, this adapter at most ${this.maxBindingBytes}`,
      );
    }
    const bindGroup = bindResources(this.device, pipeline, ranges);
    if (!this.#launched.has(pipeline)) {
      this.#launched.add(pipeline);
      launchEmpty(this.device, pipeline, bindGroup);
    }
    return { label, pipeline: await checked(compilation), bindGroup, workgroups, cost: launchCost(workgroups) };
  }

  #compile(source: ShaderSource, constants: ShaderConstants): Compilation {
    // The key is what was asked for, not the expanded text: expanding takes up to a millisecond.
    const key = JSON.stringify([source, constants]);
    let compilation = this.#compilations.get(key);
    if (compilation === undefined) {
      const text = specialize(source, constants);
      this.#onVariant?.(source.name, text);
      compilation = compilePipeline(this.device, source.name, text);
      this.#compilations.set(key, compilation);
    }
    return compilation;
  }

  /**
   * Submits the launches in order, then the copies. It is one submission, unless the launches take long: a driver could
   * end a long one, and Ctrl-C would have to wait for it.
   */
  submit(dispatches: Iterable<Dispatch>, copies: Iterable<BufferCopy> = []): void {
    this.check();
    const pace = this.#pace;
    for (
      const { buffer, cost } of encodeSubmission(this.device, [...dispatches], copies, pace.longest, this.#times)
    ) {
      this.device.queue.submit([buffer]);
      pace.add(cost);
    }
  }

  /** Writes bytes at `offset` (a multiple of 4); the length is padded with zeros to a multiple of 4. */
  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (bytes.length % 4 === 0) return this.device.queue.writeBuffer(buffer, offset, bytes);
    const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
    padded.set(bytes);
    this.device.queue.writeBuffer(buffer, offset, padded);
  }

  /**
   * Times all submissions from now on, for a profile. `listener` is called at each submission. It gets the times later,
   * when `wait`, `read` or `collectTimes` has fetched them. `null` ends the timing.
   *
   * @throws {Error} if the adapter has no timestamps.
   */
  timeSubmissions(listener: TimeListener | null): void {
    if (!this.hasTimestamps) throw new Error("Cannot time submissions: this adapter has no timestamp queries");
    this.#times = listener && new SubmissionTimes(this.device, listener);
  }

  /** Waits for everything submitted. Where submissions are timed, it hands their times to the listener. */
  async collectTimes(): Promise<void> {
    await this.#times?.collect((buffers) => this.#read(buffers));
  }

  /** Waits until everything submitted is done. In Deno this costs 11 ms, so it must not be done in every step. */
  async wait(): Promise<void> {
    const { pending } = this.#pace;
    await this.device.queue.onSubmittedWorkDone();
    this.#pace.done(pending);
    this.check();
    if (this.#times?.isFull) await this.collectTimes();
  }

  /**
   * Reads ranges of buffers back together (each wait costs 11 ms in Deno, whatever the size).
   *
   * @returns a copy of the bytes of each range.
   */
  async read(...sources: (GPUBuffer | BufferRange)[]): Promise<Uint8Array<ArrayBuffer>[]> {
    const contents = await this.#read(sources);
    if (this.#times?.isFull) await this.collectTimes();
    return contents;
  }

  async #read(sources: readonly (GPUBuffer | BufferRange)[]): Promise<Uint8Array<ArrayBuffer>[]> {
    const ranges = sources.map(wholeRange);
    const sizes = ranges.map(({ size }) => Math.ceil(size / 4) * 4);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const staging = this.createBuffer(total, "read-back", GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    const encoder = this.device.createCommandEncoder();
    let offset = 0;
    for (const [index, range] of ranges.entries()) {
      encoder.copyBufferToBuffer(range.buffer, range.offset, staging, offset, sizes[index] ?? 0);
      offset += sizes[index] ?? 0;
    }
    this.device.queue.submit([encoder.finish()]);
    const { pending } = this.#pace;
    try {
      await staging.mapAsync(GPUMapMode.READ);
      this.#pace.done(pending);
      this.check();
      const mapped = staging.getMappedRange();
      let start = 0;
      return ranges.map(({ size }, index) => {
        const part = new Uint8Array(mapped.slice(start, start + size));
        start += sizes[index] ?? 0;
        return part;
      });
    } finally {
      this.destroyBuffer(staging);
    }
  }

  /** Frees the device and everything on it. */
  close(): void {
    this.#closing = true;
    this.device.destroy();
  }

  /** Same as `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

async function checked({ pipeline, error }: Compilation): Promise<Pipeline> {
  const failure = await error;
  if (failure !== null) throw failure;
  return pipeline;
}

let shaderListener: ((name: string, text: string) => void) | undefined;

/** Calls `listener` with every shader variant that devices opened from now on compile. For tests and debugging. */
export function onShaderVariant(listener: ((name: string, text: string) => void) | undefined): void {
  shaderListener = listener;
}
