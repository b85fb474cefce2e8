/**
 * A network's parameters on the GPU: where they lie, how they start, and how they are read from and written to files.
 *
 * The values of all trainable parameters lie in a few buffers, called segments, ordered by group. Their gradients lie
 * in segments of the same layout. So the optimizer needs only one launch per segment and group.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import { bindableRanges, type BufferRange } from "../gpu/launch.ts";
import type { ParameterValues } from "../formats/safetensors.ts";
import { pack, unpack } from "../graph/layout.ts";
import { resident, type Tensor } from "../graph/tensor.ts";
import { Random } from "../random.ts";
import {
  type Initial,
  type ParameterDeclaration,
  type ParameterGroup,
  type ParameterOptions,
  type ParameterScope,
  standardGroups,
} from "./parameters.ts";
import { tensorOf } from "./running_statistics.ts";
import { placeInSegments, type PlacementOf } from "./segments.ts";

/** Trainable parameters of one group that lie next to each other in one segment. */
export interface ParameterRun {
  /** Name of the group. */
  readonly group: string;
  /** Where the values lie. */
  readonly values: BufferRange;
  /** Where their gradients lie. */
  readonly gradients: BufferRange;
  /** Index of the segment. An optimizer's state has the same segments, and the same offsets in them. */
  readonly segment: number;
}

/** How the parameters of a network are laid out. */
export interface ParameterStoreOptions {
  /** Whether memory for gradients is allocated. Without it nothing can be trained. Default `true`. */
  readonly trainable?: boolean;
  /** Most bytes of a segment. Default: the largest binding of the adapter. */
  readonly segmentBytes?: number;
  /** Default {@link standardGroups}. */
  readonly groups?: readonly ParameterGroup[];
}

type Placement = PlacementOf<ParameterDeclaration>;

/** Parameters on the GPU. */
export class ParameterStore implements ParameterScope {
  /**
   * The parameters that the model declared, in its order. Those of a group that is not trained have `trainable: false`.
   */
  readonly declarations: readonly ParameterDeclaration[];
  /** The groups that are trained, in the order in which their parameters lie in memory. */
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
   * Gives every parameter a place and allocates the segments, all zero.
   *
   * @throws {RangeError} if a parameter names a group that does not exist.
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

  /** Bytes of the values of all parameters, learned or not. */
  get valueBytes(): number {
    return [...this.#values, ...this.#frozen].reduce((sum, { size }) => sum + size, 0);
  }

  /** Bytes of the gradients; 0 if the store holds none. */
  get gradientBytes(): number {
    return this.#gradients.reduce((sum, { size }) => sum + size, 0);
  }

  /** A number that changes whenever the values do. */
  get version(): number {
    return this.#version;
  }

  /** Says that the values change. Whoever writes them on the GPU must call this. */
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

  /** The trainable parameters that have been asked for, and the places of their gradients. */
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

  /** The runs of parameters that an optimizer updates, one launch each. */
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

  /** The buffers that hold the gradients. */
  get gradientSegments(): readonly GPUBuffer[] {
    return this.#gradients;
  }

  /** Sets every parameter to its initial value. Random values depend only on the seed and the parameter's name. */
  initialize(seed: number): void {
    for (const { name, shape, initial } of this.declarations) {
      const count = shape.reduce((product, side) => product * side, 1);
      const random = new Random(seed, name);
      const values = Float32Array.from(
        { length: count },
        (_, index) => initialValue(initial, random, index),
      );
      this.#write(name, values);
    }
  }

  /**
   * Loads values by name. Tensors that the network does not have are ignored. Statistics of batch norms may be in either
   * form, fixed or following.
   *
   * @param source what the values were read from, for messages.
   * @param options names of parameters that may be missing and then keep their values. Default: none may.
   * @throws {Error} naming the tensor that is missing, has another shape, or holds a value that is not finite.
   */
  load(
    tensors: ReadonlyMap<string, ParameterValues>,
    source: string,
    options: { readonly mayMiss?: (name: string) => boolean } = {},
  ): void {
    for (const { name, shape } of this.declarations) {
      const found = tensorOf(tensors, name);
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
      const bad = found.values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        throw new Error(
          `Cannot load ${source}: tensor "${name}" holds ${found.values[bad]}, which is no finite number`,
        );
      }
    }
    for (const { name } of this.declarations) {
      const found = tensorOf(tensors, name);
      if (found !== undefined) this.#write(name, found.values);
    }
  }

  /**
   * Loads all values but those of the head, which keeps its own.
   *
   * @param source what the values were read from, for messages.
   * @throws {Error} as {@link ParameterStore.load}.
   */
  loadBackbone(tensors: ReadonlyMap<string, ParameterValues>, source: string): void {
    const inHead = new Set(this.declarations.filter(({ group }) => this.#heads.has(group)).map(({ name }) => name));
    const backbone = new Map([...tensors].filter(([name]) => !inHead.has(name)));
    this.load(backbone, source, { mayMiss: (name) => inHead.has(name) });
  }

  /** Reads all values back, by name, in the model's order. */
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

function initialValue(initial: Initial, random: Random, index: number): number {
  if ("constant" in initial) return initial.constant;
  return "deviation" in initial
    ? initial.deviation * random.normal(index)
    : initial.bound * (2 * random.uniform(index) - 1);
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

function buffer(segments: readonly GPUBuffer[], index: number): GPUBuffer {
  const found = segments[index];
  if (found === undefined) throw new Error("These parameters were opened without gradients");
  return found;
}
