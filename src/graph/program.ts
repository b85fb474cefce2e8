/**
 * A compiled graph: its buffers are planned and its kernels compiled and bound once. Then it can be run as often as
 * wanted.
 *
 * @module
 */

import { OutOfBudgetError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { type BufferCopy, type BufferRange, type Dispatch, wholeRange } from "../gpu/launch.ts";
import { storedElements, unpack } from "./layout.ts";
import { maxIterations } from "./iterations.ts";
import type { MemoryPlan, Place } from "./plan.ts";
import { OperandTextures, textureOperands } from "./operand_textures.ts";
import { launchCost } from "../gpu/submission_pace.ts";
import { planProgram, type ProgramDefinition, type ProgramPlan, type ProgramStep } from "./program_plan.ts";
import { type KernelCall, type StagedPart, type StoredBinding, Tensor } from "./tensor.ts";

/** A compiled graph. */
export class Program {
  /** Bytes that the program takes. */
  readonly memory: MemoryPlan;
  /** The launches of each run, in order. */
  readonly dispatches: readonly Dispatch[];
  readonly #gpu: Gpu;
  readonly #owned: readonly GPUBuffer[];
  readonly #textures: readonly GPUTexture[];
  readonly #inputs: ReadonlyMap<string, { tensor: Tensor; buffer: GPUBuffer }>;
  readonly #outputs: ReadonlyMap<string, { tensor: Tensor; range: BufferRange }>;
  readonly #residents: ProgramDefinition["residents"];
  readonly #keptDispatches: readonly Dispatch[];
  /** The version of the residents when the kept tensors were computed from them. */
  #keptVersion: number | undefined;

  private constructor(
    gpu: Gpu,
    parts: {
      memory: MemoryPlan;
      dispatches: readonly Dispatch[];
      residents: ProgramDefinition["residents"];
      keptDispatches: readonly Dispatch[];
      owned: readonly GPUBuffer[];
      textures: readonly GPUTexture[];
      inputs: ReadonlyMap<string, { tensor: Tensor; buffer: GPUBuffer }>;
      outputs: ReadonlyMap<string, { tensor: Tensor; range: BufferRange }>;
    },
  ) {
    this.#gpu = gpu;
    this.memory = parts.memory;
    this.dispatches = parts.dispatches;
    this.#residents = parts.residents;
    this.#keptDispatches = parts.keptDispatches;
    this.#owned = parts.owned;
    this.#textures = parts.textures;
    this.#inputs = parts.inputs;
    this.#outputs = parts.outputs;
  }

  /**
   * Plans the memory, then allocates it and compiles the kernels.
   *
   * @throws {OutOfBudgetError} before anything is allocated, if a tensor does not fit into a buffer of this adapter, or
   * if it cannot be bound at once and its op cannot compute it in slices.
   */
  static async compile(gpu: Gpu, definition: ProgramDefinition): Promise<Program> {
    const layout = planProgram(gpu, definition);
    requirePossible(gpu, layout);

    const slots = layout.slotBytes.map((bytes, index) => gpu.createBuffer(bytes, `slot ${index}`));
    const ranges = new Map<Tensor, BufferRange>();
    const inputs = placeLeaves(gpu, layout.tensors, ranges);
    const owned = [...slots, ...[...inputs.values()].map(({ buffer }) => buffer)];
    const uniform = (values: readonly number[]) => {
      const buffer = gpu.createBuffer(values.length * 4, "sizes", GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
      gpu.write(buffer, Uint32Array.from(values));
      owned.push(buffer);
      return wholeRange(buffer);
    };
    const textures = new OperandTextures(gpu, layout.textureBytes);
    const bind = ({ tensor, plan, place, scratchPlaces }: ProgramStep): Promise<Dispatch>[] => {
      // A second computation of a tensor goes to another place and, after storage in 16 bits, may not give the same
      // bits.
      textures.forget(tensor);
      ranges.set(tensor, definition.destinations?.get(tensor) ?? placedRange(slots, place, tensor.bytes));
      const scratch = (plan.scratchBytes ?? []).map((bytes, index) => placedRange(slots, scratchPlaces[index], bytes));
      return plan.calls.map((call) => bindCall(gpu, tensor, call, { ranges, scratch, textures, uniform }));
    };
    const kept = layout.steps.filter(({ isKept }) => isKept).flatMap(bind);
    // A run may skip the launches of the kept tensors. So from here on, nothing is known of what the textures hold.
    textures.forgetAll();
    const calls = layout.steps.filter(({ isKept }) => !isKept).flatMap(bind);
    const [dispatches, keptDispatches] = await Promise.all([Promise.all(calls), Promise.all(kept)]);
    return new Program(gpu, {
      memory: layout.memory,
      dispatches: [...dispatches, ...definition.epilogue ?? []],
      residents: definition.residents,
      keptDispatches,
      owned,
      textures: textures.textures,
      inputs,
      outputs: new Map(
        Object.entries(definition.outputs).map(([name, tensor]) => [name, { tensor, range: found(ranges, tensor) }]),
      ),
    });
  }

  /** Writes an input. `data` has the order on the GPU, which `pack` makes. It takes effect in the next `run`. */
  write(name: string, data: ArrayBufferView<ArrayBuffer>): void {
    const target = this.#input(name);
    if (data.byteLength > target.buffer.size) {
      throw new RangeError(
        `Cannot write "${name}": ${data.byteLength} bytes given, ${target.tensor} takes ${target.tensor.bytes}`,
      );
    }
    this.#gpu.write(target.buffer, data);
  }

  /** Floating-point operations of one run, as far as the ops state them. */
  get flops(): number {
    return this.memory.flops;
  }

  /** Names of the inputs that `write` takes. */
  get inputNames(): string[] {
    return [...this.#inputs.keys()];
  }

  /** Whether the program has an input of this name. */
  hasInput(name: string): boolean {
    return this.#inputs.has(name);
  }

  /** The tensor of an input, which tells its shape. */
  inputTensor(name: string): Tensor {
    return this.#input(name).tensor;
  }

  /** Submits one run. Does not wait for it. */
  run(copies: Iterable<BufferCopy> = []): void {
    const version = this.#residents?.version;
    const kept = version === this.#keptVersion ? [] : this.#keptDispatches;
    this.#keptVersion = version;
    this.#gpu.submit([...kept, ...this.dispatches], copies);
  }

  /** The tensor of an output, which tells its shape. */
  outputTensor(name: string): Tensor {
    return this.#output(name).tensor;
  }

  /** Where an output lies after a run. */
  output(name: string): BufferRange {
    return this.#output(name).range;
  }

  /**
   * Waits for the last run and reads an output, in the order of its shape. Meant for tests and results, not for inner
   * loops.
   */
  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const { tensor, range } = this.#output(name);
    const [bytes] = await this.#gpu.read({ ...range, size: tensor.bytes });
    if (bytes === undefined) throw new Error(`Nothing was read of "${name}"`);
    if (tensor.dtype === "f32") return unpack(new Float32Array(bytes.buffer), tensor.shape, tensor.layout);
    if (tensor.dtype === "u32") return Float32Array.from(new Uint32Array(bytes.buffer));
    // Bytes are stored in whole words, so some bytes may follow the last element.
    return Float32Array.from(bytes.subarray(0, storedElements(tensor.shape, tensor.layout)));
  }

  /** Waits for the last run and reads an output's bytes as they lie on the GPU. */
  async readBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const { tensor, range } = this.#output(name);
    const [bytes] = await this.#gpu.read({ ...range, size: tensor.bytes });
    if (bytes === undefined) throw new Error(`Nothing was read of "${name}"`);
    return bytes;
  }

  /** Frees the program's buffers and textures. */
  dispose(): void {
    for (const buffer of this.#owned) this.#gpu.destroyBuffer(buffer);
    for (const texture of this.#textures) this.#gpu.destroyTexture(texture);
  }

  /** Same as `dispose()`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #input(name: string): { tensor: Tensor; buffer: GPUBuffer } {
    const found = this.#inputs.get(name);
    if (found === undefined) {
      throw new Error(`There is no input "${name}": the program's inputs are ${[...this.#inputs.keys()].join(", ")}`);
    }
    return found;
  }

  #output(name: string): { tensor: Tensor; range: BufferRange } {
    const output = this.#outputs.get(name);
    if (output === undefined) {
      throw new Error(`Cannot read "${name}": the program's outputs are ${[...this.#outputs.keys()].join(", ")}`);
    }
    return output;
  }
}

/** Adds the places of tensors that no op computes. Inputs get buffers of their own, which are returned by name. */
function placeLeaves(
  gpu: Gpu,
  tensors: readonly Tensor[],
  ranges: Map<Tensor, BufferRange>,
): Map<string, { tensor: Tensor; buffer: GPUBuffer }> {
  const inputs = new Map<string, { tensor: Tensor; buffer: GPUBuffer }>();
  for (const tensor of tensors) {
    const { leaf } = tensor.definition;
    if (leaf?.kind === "resident") ranges.set(tensor, leaf.range);
    else if (leaf?.kind === "input") {
      if (inputs.has(leaf.name)) throw new Error(`Cannot compile: two inputs are named "${leaf.name}"`);
      const buffer = gpu.createBuffer(tensor.bytes, leaf.name);
      inputs.set(leaf.name, { tensor, buffer });
      ranges.set(tensor, wholeRange(buffer));
    }
  }
  return inputs;
}

/** Checks that everything can be allocated and bound, before anything is allocated. */
function requirePossible(gpu: Gpu, { memory, slotBytes, tensors }: ProgramPlan): void {
  if (memory.unbindable !== null) throw new OutOfBudgetError(memory.unbindable, "tensor too large");
  const inputs = tensors.filter(({ definition }) => definition.leaf?.kind === "input");
  const largest = Math.max(0, ...slotBytes, ...inputs.map(({ bytes }) => bytes));
  if (largest > gpu.maxBufferBytes) {
    throw new OutOfBudgetError(
      `Cannot compile: a tensor takes ${largest} bytes, this adapter has buffers of at most ${gpu.maxBufferBytes}`,
      "tensor too large",
    );
  }
}

function placedRange(slots: readonly GPUBuffer[], place: Place | null | undefined, bytes: number): BufferRange {
  const buffer = slots[place?.slot ?? -1];
  if (!place || buffer === undefined) throw new Error("A tensor has no place in the memory plan");
  return { buffer, offset: place.offset, size: Math.max(16, Math.ceil(bytes / 16) * 16) };
}

async function bindCall(
  gpu: Gpu,
  tensor: Tensor,
  call: KernelCall,
  { ranges, scratch, textures, uniform }: {
    readonly ranges: ReadonlyMap<Tensor, BufferRange>;
    readonly scratch: readonly BufferRange[];
    readonly textures: OperandTextures;
    readonly uniform: (values: readonly number[]) => BufferRange;
  },
): Promise<Dispatch> {
  if (call.iterations > maxIterations) {
    throw new RangeError(
      `Cannot compile ${tensor}: ${call.shader.name} would loop ${call.iterations} times in one invocation, drivers allow ${maxIterations}`,
    );
  }
  const stored = (binding: StoredBinding): BufferRange => {
    if (binding instanceof Tensor) {
      const { definition: { leaf }, bytes } = binding;
      if (leaf?.kind === "part") return rangePart(stored(leaf.of), { offset: leaf.offset, bytes });
      if (leaf?.kind === "scratch") return stored({ scratch: leaf.scratch, part: { offset: 0, bytes } });
      return found(ranges, binding);
    }
    const range = scratch[binding.scratch];
    if (range !== undefined) return binding.part === undefined ? range : rangePart(range, binding.part);
    throw new Error(`${tensor} binds scratch memory ${binding.scratch} that it does not ask for`);
  };
  const operands = textures.next(textureOperands(call), stored);
  const unboundTextures = [...operands.textures];
  const resources = call.bindings.map((binding) => {
    if (binding === "output") return found(ranges, tensor);
    if ("uniform" in binding) return uniform(binding.uniform);
    if (!("texture" in binding)) return stored(binding);
    const texture = unboundTextures.shift();
    if (texture === undefined) throw new Error(`${tensor} reads from a texture that it does not have`);
    return texture;
  });
  // Before the first wait: a tensor that is computed once more lies elsewhere afterwards.
  const staged = call.staged === undefined ? {} : stagedCopies(call.staged, stored);
  const label = tensor.path === "" ? tensor.op : `${tensor.op} ${tensor.path}`;
  const dispatch = await gpu.dispatch(call.shader, call.constants, resources, call.workgroups, label);
  const cost = launchCost(call.workgroups, call.flops);
  return {
    ...{ ...dispatch, cost },
    ...operands.copies.length === 0 ? {} : { textureCopies: operands.copies },
    ...staged,
  };
}

/**
 * The copies before a launch, of parts that cannot be bound where they lie, and the copies after it of those that it
 * wrote.
 */
function stagedCopies(staged: readonly StagedPart[], stored: (binding: StoredBinding) => BufferRange) {
  const copy = (from: BufferRange, to: BufferRange): BufferCopy => ({ from, to: to.buffer, toOffset: to.offset });
  const pairs = staged.map(({ part, scratch, bytes, isWritten }) => ({
    ...{ part: stored(part), isWritten },
    bound: stored({ scratch, part: { offset: 0, bytes } }),
  }));
  return {
    copiesBefore: pairs.map(({ part, bound }) => copy(part, bound)),
    copiesAfter: pairs.filter(({ isWritten }) => isWritten).map(({ part, bound }) => copy(bound, part)),
  };
}

function rangePart(range: BufferRange, { offset, bytes }: { readonly offset: number; readonly bytes: number }) {
  return { buffer: range.buffer, offset: range.offset + offset, size: bytes };
}

function found(ranges: ReadonlyMap<Tensor, BufferRange>, tensor: Tensor): BufferRange {
  const range = ranges.get(tensor);
  if (range === undefined) throw new Error(`${tensor} is used before it is computed`);
  return range;
}
