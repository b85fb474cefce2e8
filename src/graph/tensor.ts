/**
 * Symbolic tensors. Calling an op computes nothing: it adds a node that knows its shape, the rule of its gradient and
 * the kernels that compute it. `gradients` (gradients.ts) extends the graph, `Program.compile` (program.ts) turns it
 * into buffers and launches.
 *
 * @module
 */

import type { ShaderConstants, ShaderSource } from "../gpu/shader.ts";
import type { BufferRange } from "../gpu/launch.ts";
import { type DataType, type Layout, storedBytes } from "./layout.ts";
import type { KernelSchedule, Tunable, Tuning } from "./schedule.ts";

/** Where a tensor's bytes come from, when no op computes them. */
export type Leaf =
  /** Written before each run with `Program.write`, under this name. */
  | { readonly kind: "input"; readonly name: string }
  /** A fixed place in a buffer that lives longer than the program: a parameter, an image store, pseudo-labels. */
  | { readonly kind: "resident"; readonly name: string; readonly range: BufferRange }
  /** The bytes of another tensor from `offset` on: what a launch binds where it computes a slice (`slices.ts`). */
  | { readonly kind: "part"; readonly name: string; readonly of: Tensor; readonly offset: number }
  /** Scratch memory of the launches that bind it, by its number. */
  | { readonly kind: "scratch"; readonly name: string; readonly scratch: number };

/** Scratch memory by its number: all of it, or the `bytes` from `offset` on. */
export interface ScratchBinding {
  /** Index in `KernelPlan.scratchBytes`. */
  readonly scratch: number;
  /** The bytes that are bound; default: all. */
  readonly part?: { readonly offset: number; readonly bytes: number };
}

/** Memory of a launch that holds something between launches: a tensor of the graph, or scratch memory. */
export type StoredBinding = Tensor | ScratchBinding;

/**
 * What a kernel binds: a tensor or scratch memory, the node's own output, a copy of either in a texture (at most two in one
 * launch), or whole numbers that are no constants of the shader.
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
  /** Most loop iterations of one invocation, over all its loops (`nestedIterations`). Some drivers stop silently at 65,535. */
  readonly iterations: number;
  /** Floating-point operations, a multiply-add counting 2; for profiles. */
  readonly flops?: number;
  /** Parts that no launch can bind where they lie: scratch memory is bound in their place. */
  readonly staged?: readonly StagedPart[];
}

/** A part of memory whose offset is none that can be bound. It is copied to scratch memory before a launch. */
export interface StagedPart {
  /** Where it lies. */
  readonly part: StoredBinding;
  /** Number of the scratch memory that is bound instead. */
  readonly scratch: number;
  /** Its length. */
  readonly bytes: number;
  /** The launch writes it: it is copied back afterwards. */
  readonly isWritten: boolean;
}

/** How an op computes its output. */
export interface KernelPlan {
  /** The launches, in order. */
  readonly calls: readonly KernelCall[];
  /** Bytes of each piece of scratch memory, live only during these launches. */
  readonly scratchBytes?: readonly number[];
}

/** The gradient of one input, built only when it is wanted. */
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
  /** Given the gradient at the output, one gradient (or null) per input. */
  readonly gradient?: (outputGradient: Tensor) => readonly InputGradient[];
  /** The launches that compute it. Called when a program is compiled. */
  readonly kernels?: (output: Tensor, device: DeviceTraits) => KernelPlan;
  /** What `crosswalk tune` may choose about these launches. */
  readonly tunable?: Tunable;
  /** For tensors that no op computes. */
  readonly leaf?: Leaf;
}

/** What the choice of kernels may depend on. */
export interface DeviceTraits {
  /** The adapter runs kernels on the CPU: only the number of loads counts, not coalescing, barriers or register pressure. */
  readonly software: boolean;
  /** Compute every convolution in its direct form, where another is faster. Default `false`. */
  readonly direct?: boolean;
  /** Schedules that were found faster than the rules, by shape class. */
  readonly tuning?: Tuning;
  /** What is chosen for the problem at hand; overrides `tuning`. */
  readonly schedule?: KernelSchedule;
  /** The most bytes that one binding can see: what is larger is computed in slices. Default: those of the device. */
  readonly maxBindingBytes?: number;
}

/** A part of a network whose activations may be computed a second time instead of kept (`execution_order.ts`). */
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
 * Runs `build`; the tensors that it makes are one block. A program that recomputes activations keeps only what leaves a
 * block. Each call is a block of its own, whatever its name; paths do not change.
 *
 * Inside another block, the new one stands for itself, and the outer one has the rest. So a network of many small blocks
 * needs the memory of one of them at a time while it recomputes, not that of all blocks around it.
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

/** Every tensor that `outputs` depend on, themselves included, in execution order. */
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
