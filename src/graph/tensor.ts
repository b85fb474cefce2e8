/**
 * Symbolic tensors. Calling an op computes nothing. It adds a node to the graph, which knows its shape, how to build
 * its gradient, and which kernels compute it. `gradients` (`ops/gradients.ts`) extends the graph by gradients.
 * `Program.compile` (`program.ts`) turns it into buffers and launches.
 *
 * @module
 */

import type { ShaderConstants, ShaderSource } from "../gpu/shader.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { type DataType, type Layout, storedBytes } from "./layout.ts";
import type { KernelSchedule, Tunable, Tuning } from "./schedule.ts";

/** Where the bytes of a tensor come from if no op computes them. */
export type Leaf =
  /** Written before each run with `Program.write`, under this name. */
  | { readonly kind: "input"; readonly name: string }
  /** A fixed place in a buffer that lives longer than the program, such as that of a parameter. */
  | { readonly kind: "resident"; readonly name: string; readonly range: BufferRange }
  /**
   * The bytes of another tensor from `offset` on. A launch binds such a part when it computes a slice (`slices.ts`).
   */
  | { readonly kind: "part"; readonly name: string; readonly of: Tensor; readonly offset: number }
  /** Scratch memory of the launches that bind it, named by its number. */
  | { readonly kind: "scratch"; readonly name: string; readonly scratch: number };

/** Scratch memory, named by its number: all of it, or `bytes` bytes from `offset` on. */
export interface ScratchBinding {
  /** Index in `KernelPlan.scratchBytes`. */
  readonly scratch: number;
  /** The bytes that are bound; default: all. */
  readonly part?: { readonly offset: number; readonly bytes: number };
}

/** Memory that holds something between launches: a tensor of the graph, or scratch memory. */
export type StoredBinding = Tensor | ScratchBinding;

/**
 * What a kernel binds: a tensor, scratch memory, the node's own output, a copy of one of these in a texture (at most
 * two in one launch), or whole numbers that are not constants of the shader.
 */
export type KernelBinding =
  | StoredBinding
  | "output"
  | { readonly texture: StoredBinding }
  | { readonly uniform: readonly number[] };

/** One kernel launch of an op. */
export interface KernelCall {
  /** The WGSL file. */
  readonly shader: ShaderSource;
  /** Values for its `const` declarations. */
  readonly constants: ShaderConstants;
  /** What is bound at 0, 1, 2, … */
  readonly bindings: readonly KernelBinding[];
  /** Workgroups in x, y, z. */
  readonly workgroups: readonly [number, number, number];
  /**
   * The most loop iterations of one invocation, over all its loops (`nestedIterations`). Some drivers silently stop a
   * loop after 65,535.
   */
  readonly iterations: number;
  /** Floating-point operations, for profiles. A multiply-add counts as 2. */
  readonly flops?: number;
  /** Parts that cannot be bound where they lie. Scratch memory is bound in their place. */
  readonly staged?: readonly StagedPart[];
}

/** A part of memory at an offset at which no binding can begin. It is copied to scratch memory before a launch. */
export interface StagedPart {
  /** Where it lies. */
  readonly part: StoredBinding;
  /** Number of the scratch memory that is bound instead. */
  readonly scratch: number;
  /** Its length. */
  readonly bytes: number;
  /** Whether the launch writes it. If so, it is copied back afterwards. */
  readonly isWritten: boolean;
}

/** How an op computes its output. */
export interface KernelPlan {
  /** The launches, in order. */
  readonly calls: readonly KernelCall[];
  /** Bytes of each piece of scratch memory. Its contents last only for these launches. */
  readonly scratchBytes?: readonly number[];
}

/** Builds the gradient of one input. It is called only if that gradient is wanted; `null` if there is none. */
export type InputGradient = (() => Tensor) | null;

/** What an op says about the tensor it makes. */
export interface TensorDefinition {
  /** Name of the op. */
  readonly op: string;
  /** Shape in PyTorch's order. */
  readonly shape: readonly number[];
  /** Element type; default `"f32"`. */
  readonly dtype?: DataType;
  /** Arrangement in memory; default `"activation"`. */
  readonly layout?: Layout;
  /** The tensors it is computed from. */
  readonly inputs?: readonly Tensor[];
  /** Gives one gradient (or `null`) per input, from the gradient of the output. */
  readonly gradient?: (outputGradient: Tensor) => readonly InputGradient[];
  /** Gives the launches that compute it. Called when a program is compiled. */
  readonly kernels?: (output: Tensor, device: DeviceTraits) => KernelPlan;
  /**
   * Other launches that compute it in the memory of one of its inputs, of as many bytes, which is lost by that. They bind
   * that memory as `"output"` only. They are taken where nothing needs the input afterwards, and it is no other input too.
   */
  readonly inPlace?: {
    readonly of: Tensor;
    readonly kernels: (output: Tensor, device: DeviceTraits) => KernelPlan;
  };
  /** What `crosswalk tune` may choose about these launches. */
  readonly tunable?: Tunable;
  /** Where its bytes come from, if no op computes it. */
  readonly leaf?: Leaf;
}

/** What the choice of kernels may depend on. */
export interface DeviceTraits {
  /**
   * Whether the adapter runs kernels on the CPU. There the number of loads matters, and coalescing, barriers and
   * register pressure do not.
   */
  readonly software: boolean;
  /** Computes every convolution in its direct form, even if another is faster. Default `false`. */
  readonly direct?: boolean;
  /** Schedules that were measured to be faster than the ops' own rules, by shape class. */
  readonly tuning?: Tuning;
  /** The schedule for the problem at hand; overrides `tuning`. */
  readonly schedule?: KernelSchedule;
  /** The most bytes that one binding can see. A larger tensor is computed in slices. Default: the device's limit. */
  readonly maxBindingBytes?: number;
}

/** A part of a network. Its activations can be computed a second time instead of kept (`execution_order.ts`). */
export interface Block {
  /** What the model calls it. Another block may have the same name. */
  readonly name: string;
}

let nextId = 0;
const path: string[] = [];
let currentBlock: Block | null = null;

/** A node of the graph. Immutable; made by ops, `input` and `resident`. */
export class Tensor {
  /** Creation order, which is also a valid execution order. */
  readonly id: number = nextId++;
  /** Name of the op that computes it. */
  readonly op: string;
  /** Shape in PyTorch's order. */
  readonly shape: readonly number[];
  /** Element type. */
  readonly dtype: DataType;
  /** Arrangement in memory. */
  readonly layout: Layout;
  /** The tensors it is computed from. */
  readonly inputs: readonly Tensor[];
  /** Path of the layer that was being traced, such as `backbone.block5.conv`. */
  readonly path: string;
  /** The block that was being traced; `null` outside of all. */
  readonly block: Block | null;
  /** The op's rules. */
  readonly definition: TensorDefinition;

  /** Adds a node to the graph. */
  constructor(definition: TensorDefinition) {
    this.op = definition.op;
    this.shape = definition.shape;
    this.dtype = definition.dtype ?? "f32";
    this.layout = definition.layout ?? "activation";
    this.inputs = definition.inputs ?? [];
    this.path = path.join(".");
    this.block = currentBlock;
    this.definition = definition;
    if (this.shape.some((side) => !Number.isInteger(side) || side < 1)) {
      throw new RangeError(`Cannot add ${this}: every side must be a positive integer`);
    }
  }

  /** Bytes on the GPU, padding included. */
  get bytes(): number {
    return storedBytes(this.shape, this.dtype, this.layout);
  }

  /** `"path" (op) [shape]`, for messages. */
  toString(): string {
    return `${this.path === "" ? "" : `"${this.path}" `}(${this.op}) [${this.shape.join(", ")}]`;
  }
}

/** Runs `build` with `name` appended to the path that new tensors carry in messages and profiles. */
export function layer<T>(name: string, build: () => T): T {
  path.push(name);
  try {
    return build();
  } finally {
    path.pop();
  }
}

/**
 * Runs `build` and makes one block of all tensors that it creates. A program that recomputes activations keeps only the
 * tensors that are used outside their block. Each call makes a block of its own, whatever its name. The paths of the
 * tensors do not change.
 *
 * A block inside another block stands for itself, and the outer block has the other tensors. While a network of many
 * small blocks recomputes, it needs the memory of one of them at a time, not that of all blocks around it.
 */
export function block<T>(name: string, build: () => T): T {
  const outer = currentBlock;
  currentBlock = { name };
  try {
    return build();
  } finally {
    currentBlock = outer;
  }
}

/** The path of the layer being traced, for error messages of ops. */
export function currentPath(): string {
  return path.join(".");
}

/** A tensor written before each run with `Program.write(name, …)`. */
export function input(
  name: string,
  shape: readonly number[],
  options: { dtype?: DataType; layout?: Layout } = {},
): Tensor {
  return new Tensor({ op: "input", shape, ...options, leaf: { kind: "input", name } });
}

/** A tensor that lives at a fixed place of a buffer outside the program. */
export function resident(
  name: string,
  range: BufferRange,
  shape: readonly number[],
  options: { dtype?: DataType; layout?: Layout } = {},
): Tensor {
  return new Tensor({ op: "resident", shape, ...options, leaf: { kind: "resident", name, range } });
}

/** The tensors `outputs` and every tensor that they depend on, in execution order. */
export function dependencies(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>();
  const pending = [...outputs];
  for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    pending.push(...tensor.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
