/**
 * A network's parameters: where they lie on the GPU, how they start, and how they are read from and written to files.
 *
 * A model asks for its parameters by name while it is traced. The first trace only collects what is asked for
 * (`collectParameters`); then `ParameterStore` lays everything out, and further traces are given real tensors.
 * Trainable values and their gradients lie in a few flat segments, ordered by group, so that the optimizer is
 * one launch per segment and group.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import { bindableRanges, type BufferRange } from "../gpu/launch.ts";
import type { ParameterValues } from "../formats/safetensors.ts";
import { type Layout, pack, storedBytes, unpack } from "../graph/layout.ts";
import { input, resident, type Tensor } from "../graph/tensor.ts";
import { Random } from "../random.ts";

/** How a parameter starts: a constant, or normal random numbers of this standard deviation. */
export type Initial = { readonly constant: number } | { readonly deviation: number };

/** What a model says about a parameter when it asks for it. */
export interface ParameterOptions {
  /** Arrangement in memory. */
  readonly layout: Layout;
  /** How it starts. */
  readonly initial: Initial;
  /** Learned, or fixed such as the statistics of a frozen batch norm. Default `true`. */
  readonly trainable?: boolean;
  /** Name of its {@link ParameterGroup}. Default `"backbone"`. */
  readonly group?: string;
}

/** Parameters that are trained alike. Papers treat biases, the scales of batch norms, and heads in ways of their own. */
export interface ParameterGroup {
  /** What `ParameterOptions.group` calls it. */
  readonly name: string;
  /** Factor on the learning rate, which `groupRates` applies. An optimizer takes the rates as they are given. Default 1. */
  readonly rate?: number;
  /** Factor on the weight decay, which the optimizer applies. Default 1. */
  readonly decay?: number;
  /**
   * Whether the optimizer changes it. Running statistics of batch norms belong to no group: they follow the batches unless
   * the layer's statistics are frozen. Default `true`.
   */
  readonly trained?: boolean;
  /** Whether it belongs to the head, which is drawn anew on a loaded backbone and has a rate of its own. Default `false`. */
  readonly head?: boolean;
}

/** The groups of a model that names none: a backbone, and a head. */
export const standardGroups: readonly ParameterGroup[] = [{ name: "backbone" }, { name: "head", head: true }];

/** A parameter as a model declared it. */
export interface ParameterDeclaration extends Required<ParameterOptions> {
  /** Name in weight files. */
  readonly name: string;
  /** Shape as in PyTorch. */
  readonly shape: readonly number[];
}

/** What a model is given to ask for its parameters. */
export interface ParameterScope {
  /** The parameter of this name. Asking twice gives the same tensor. */
  parameter(name: string, shape: readonly number[], options: ParameterOptions): Tensor;
  /** Told what a parameter that is not learned becomes after a training step; absent where nobody trains. */
  readonly update?: (name: string, value: Tensor) => void;
  /** The key of a dropout, `[4]` u32, another one in each step; absent where nobody trains: nothing is dropped. */
  readonly dropoutKey?: (name: string) => Tensor;
}

/** Everything that `trace` asks for, in order. */
export function collectParameters(trace: (scope: ParameterScope) => unknown): ParameterDeclaration[] {
  const declarations = new Map<string, ParameterDeclaration>();
  trace({
    parameter(name, shape, options) {
      declarations.set(name, { trainable: true, group: "backbone", ...options, name, shape });
      return input(name, shape, { layout: options.layout });
    },
  });
  return [...declarations.values()];
}

/** A run of consecutive trainable parameters of one group in one segment. */
export interface ParameterRun {
  /** Name of the group. */
  readonly group: string;
  /** Where the values lie. */
  readonly values: BufferRange;
  /** Where their gradients lie. */
  readonly gradients: BufferRange;
  /** Index of the segment and place in it, for state laid out in the same way. */
  readonly segment: number;
}

/** How the parameters of a network are laid out. */
export interface ParameterStoreOptions {
  /** Whether there is memory for gradients; without it nothing can be trained. Default `true`. */
  readonly trainable?: boolean;
  /** Most bytes of a segment. Default: the largest binding of the adapter. */
  readonly segmentBytes?: number;
  /** Default {@link standardGroups}. */
  readonly groups?: readonly ParameterGroup[];
}

interface Placement {
  readonly declaration: ParameterDeclaration;
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
}

/** Parameters on the GPU. */
export class ParameterStore implements ParameterScope {
  /** What the model declared, in its order; what belongs to a group that is not trained is not trainable. */
  readonly declarations: readonly ParameterDeclaration[];
  /** The groups that are trained, in the order of their parameters in memory. */
  readonly groups: readonly ParameterGroup[];
  /** Bytes of each segment of trainable parameters. */
  readonly segmentBytes: readonly number[];
  readonly #gpu: Gpu;
  /** Names of the groups that belong to the head. */
  readonly #heads: ReadonlySet<string>;
  readonly #placements: ReadonlyMap<string, Placement>;
  readonly #values: readonly GPUBuffer[];
  readonly #gradients: readonly GPUBuffer[];
  readonly #frozen: readonly GPUBuffer[];
  readonly #tensors = new Map<string, Tensor>();
  #version = 0;

  /**
   * Lays the parameters out and allocates them, zeroed.
   *
   * @throws {RangeError} if a parameter names a group that there is not.
   */
  constructor(gpu: Gpu, declarations: readonly ParameterDeclaration[], options: ParameterStoreOptions = {}) {
    const { segmentBytes: limit = gpu.maxBindingBytes, groups = standardGroups } = options;
    this.declarations = declarations.map((declaration) => ({
      ...declaration,
      trainable: declaration.trainable && groupOf(declaration, groups).trained !== false,
    }));
    this.groups = groups.filter(({ trained }) => trained !== false);
    const members = ({ name }: ParameterGroup) =>
      this.declarations.filter(({ trainable, group }) => trainable && group === name);
    const learned = placeInSegments(this.groups.flatMap(members), limit);
    const frozen = placeInSegments(this.declarations.filter(({ trainable }) => !trainable), limit);
    this.#gpu = gpu;
    this.#heads = new Set(groups.filter(({ head }) => head === true).map(({ name }) => name));
    this.segmentBytes = learned.segmentBytes;
    this.#placements = new Map([...learned.placements, ...frozen.placements].map((p) => [p.declaration.name, p]));
    this.#values = learned.segmentBytes.map((bytes, index) => gpu.createBuffer(bytes, `parameters ${index}`));
    this.#gradients = options.trainable === false
      ? []
      : learned.segmentBytes.map((bytes, index) => gpu.createBuffer(bytes, `gradients ${index}`));
    this.#frozen = frozen.segmentBytes.map((bytes, index) => gpu.createBuffer(bytes, `frozen parameters ${index}`));
  }

  /** Bytes of the values, those of parameters that are not learned among them. */
  get valueBytes(): number {
    return [...this.#values, ...this.#frozen].reduce((sum, { size }) => sum + size, 0);
  }

  /** Bytes of the gradients; 0 where there are none. */
  get gradientBytes(): number {
    return this.#gradients.reduce((sum, { size }) => sum + size, 0);
  }

  /** A number that changes when the values do. */
  get version(): number {
    return this.#version;
  }

  /** Says that the values change, as those who write them on the GPU must. */
  markChanged(): void {
    this.#version++;
  }

  /** The parameter as a tensor of the graph. */
  parameter(name: string, shape: readonly number[], options: ParameterOptions): Tensor {
    let tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      tensor = resident(name, this.valueRange(name), shape, { layout: options.layout });
      this.#tensors.set(name, tensor);
    }
    return tensor;
  }

  /** The trainable parameters that have been asked for, and where their gradients belong. */
  trainableTensors(): { tensor: Tensor; gradient: BufferRange }[] {
    const found: { tensor: Tensor; gradient: BufferRange }[] = [];
    for (const { name, trainable } of this.declarations) {
      const tensor = this.#tensors.get(name);
      if (trainable && tensor !== undefined) found.push({ tensor, gradient: this.gradientRange(name) });
    }
    return found;
  }

  /** Where the values of a parameter lie. */
  valueRange(name: string): BufferRange {
    return this.#valueRange(this.#placement(name));
  }

  /** Where the gradient of a trainable parameter lies. */
  gradientRange(name: string): BufferRange {
    const { segment, offset, bytes } = this.#placement(name);
    return { buffer: buffer(this.#gradients, segment), offset, size: bytes };
  }

  /** The runs that an optimizer steps through. */
  runs(): ParameterRun[] {
    const runs: ParameterRun[] = [];
    for (const segment of this.segmentBytes.keys()) {
      for (const { name: group } of this.groups) {
        const members = [...this.#placements.values()].filter(({ declaration, segment: index }) =>
          declaration.trainable && declaration.group === group && index === segment
        );
        const first = members[0];
        const last = members.at(-1);
        if (first === undefined || last === undefined) continue;
        const size = last.offset + last.bytes - first.offset;
        for (const part of bindableRanges(size, this.#gpu.maxBindingBytes)) {
          const place = { offset: first.offset + part.offset, size: part.size };
          runs.push({
            group,
            segment,
            values: { buffer: buffer(this.#values, segment), ...place },
            gradients: { buffer: buffer(this.#gradients, segment), ...place },
          });
        }
      }
    }
    return runs;
  }

  /** The segments of gradients. */
  get gradientSegments(): readonly GPUBuffer[] {
    return this.#gradients;
  }

  /** Sets every parameter to its initial value, a function of the seed and the parameter's name. */
  initialize(seed: number): void {
    for (const { name, shape, initial } of this.declarations) {
      const count = shape.reduce((product, side) => product * side, 1);
      const random = new Random(seed, name);
      const values = Float32Array.from(
        { length: count },
        (_, index) => "constant" in initial ? initial.constant : initial.deviation * random.normal(index),
      );
      this.#write(name, values);
    }
  }

  /**
   * Loads values by name. Tensors that the network does not have are ignored.
   *
   * @param source what the values were read from, for messages.
   * @param options names that may be missing and then keep their values; default none.
   * @throws {Error} naming the missing or mis-shaped tensor.
   */
  load(
    tensors: ReadonlyMap<string, ParameterValues>,
    source: string,
    options: { readonly mayMiss?: (name: string) => boolean } = {},
  ): void {
    for (const { name, shape } of this.declarations) {
      const found = tensors.get(name);
      if (found === undefined) {
        if (options.mayMiss?.(name)) continue;
        throw new Error(`Cannot load ${source}: tensor "${name}" [${shape.join(", ")}] is missing`);
      }
      if (found.shape.join() !== shape.join()) {
        throw new Error(
          `Cannot load ${source}: tensor "${name}" is [${found.shape.join(", ")}], the network takes [${
            shape.join(", ")
          }]`,
        );
      }
    }
    for (const { name } of this.declarations) {
      const found = tensors.get(name);
      if (found !== undefined) this.#write(name, found.values);
    }
  }

  /**
   * Loads what does not belong to the head; the head keeps its values.
   *
   * @param source what the values were read from, for messages.
   * @throws {Error} naming the missing or mis-shaped tensor.
   */
  loadBackbone(tensors: ReadonlyMap<string, ParameterValues>, source: string): void {
    const inHead = new Set(this.declarations.filter(({ group }) => this.#heads.has(group)).map(({ name }) => name));
    const backbone = new Map([...tensors].filter(([name]) => !inHead.has(name)));
    this.load(backbone, source, { mayMiss: (name) => inHead.has(name) });
  }

  /** Reads all values back, by name in the model's order. */
  async save(): Promise<Map<string, ParameterValues>> {
    return await this.#read((placement) => this.#valueRange(placement), this.declarations);
  }

  /** Reads the gradients of all trainable parameters back. */
  async saveGradients(): Promise<Map<string, ParameterValues>> {
    const trainable = this.declarations.filter(({ trainable }) => trainable);
    return await this.#read(({ declaration }) => this.gradientRange(declaration.name), trainable);
  }

  /** Frees everything. */
  dispose(): void {
    for (const owned of [...this.#values, ...this.#gradients, ...this.#frozen]) this.#gpu.destroyBuffer(owned);
  }

  async #read(
    rangeOf: (placement: Placement) => BufferRange,
    declarations: readonly ParameterDeclaration[],
  ): Promise<Map<string, ParameterValues>> {
    const bytes = await this.#gpu.read(...declarations.map(({ name }) => rangeOf(this.#placement(name))));
    return new Map(declarations.map(({ name, shape, layout }, index) => {
      const packed = new Float32Array(bytes[index]?.buffer ?? new ArrayBuffer(0));
      return [name, { shape, values: unpack(packed, shape, layout) }];
    }));
  }

  #write(name: string, values: Float32Array): void {
    this.markChanged();
    const placement = this.#placement(name);
    const { shape, layout } = placement.declaration;
    const range = this.#valueRange(placement);
    this.#gpu.write(range.buffer, pack(values, shape, layout), range.offset);
  }

  #valueRange({ declaration, segment, offset, bytes }: Placement): BufferRange {
    return { buffer: buffer(declaration.trainable ? this.#values : this.#frozen, segment), offset, size: bytes };
  }

  #placement(name: string): Placement {
    const placement = this.#placements.get(name);
    if (placement === undefined) throw new Error(`The network has no parameter "${name}"`);
    return placement;
  }
}

function groupOf({ name, group }: ParameterDeclaration, groups: readonly ParameterGroup[]): ParameterGroup {
  const found = groups.find((candidate) => candidate.name === group);
  if (found === undefined) {
    throw new RangeError(
      `Cannot lay out the parameter "${name}": its group "${group}" is none of ${groups.map((g) => g.name).join(", ")}`,
    );
  }
  return found;
}

/** One after the other, each at a multiple of 256 bytes (the offset that every adapter can bind). */
function placeInSegments(declarations: readonly ParameterDeclaration[], limit: number) {
  const placements: Placement[] = [];
  const segmentBytes: number[] = [];
  let end = 0;
  for (const declaration of declarations) {
    const bytes = Math.ceil(storedBytes(declaration.shape, "f32", declaration.layout) / 16) * 16;
    let offset = Math.ceil(end / 256) * 256;
    if (segmentBytes.length === 0 || offset + bytes > limit) {
      segmentBytes.push(0);
      offset = 0;
    }
    end = offset + bytes;
    segmentBytes[segmentBytes.length - 1] = end;
    placements.push({ declaration, segment: segmentBytes.length - 1, offset, bytes });
  }
  return { placements, segmentBytes };
}

function buffer(segments: readonly GPUBuffer[], index: number): GPUBuffer {
  const found = segments[index];
  if (found === undefined) throw new Error("These parameters were opened without gradients");
  return found;
}
