/**
 * What a program does step by step, and where each result lies. All of this is known before anything is allocated.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange, Dispatch } from "../gpu/launch.ts";
import { operandTextureBytes } from "./operand_textures.ts";
import { lastUses, type Life, type MemoryPlan, type Place, planSlots, type SlotPlan } from "./plan.ts";
import { type ActivationStorage, type Execution, executionOrder } from "./execution_order.ts";
import { scheduledTraits } from "./schedule.ts";
import { fittingSize, largestBinding } from "./slices.ts";
import { stageParts } from "./staged_parts.ts";
import { dependencies, type DeviceTraits, type KernelPlan, type Tensor } from "./tensor.ts";

/** What a program computes, and where to. */
export interface ProgramDefinition {
  /** Tensors that can be read after a run, by name. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Tensors that are written straight to a place outside the program, such as gradients of parameters. */
  readonly destinations?: ReadonlyMap<Tensor, BufferRange>;
  /** Launches after the graph's own, such as the optimizer's. */
  readonly epilogue?: readonly Dispatch[];
  /**
   * The owner of the resident tensors. If it is given, tensors that depend on residents alone, such as a folded batch
   * norm, are computed once and kept until the version changes.
   */
  readonly residents?: { readonly version: number };
  /** What the choice of kernels depends on. Default: the traits of the adapter. */
  readonly traits?: DeviceTraits;
  /** Gives every tensor a buffer of its own, to test the plan. Default `false`. */
  readonly withoutReuse?: boolean;
  /** How activations are brought to the gradients. Default: they are kept as they are. */
  readonly activations?: ActivationStorage;
}

/** A tensor that is computed. */
export interface ProgramStep {
  readonly tensor: Tensor;
  readonly plan: KernelPlan;
  /** The place of the tensor; `null` if it has a destination. */
  readonly place: Place | null;
  /** Places of its scratch memory. */
  readonly scratchPlaces: readonly Place[];
  /** Whether the result is kept from run to run. */
  readonly isKept: boolean;
}

/** A planned program. */
export interface ProgramPlan {
  /** Every tensor once, in order, including those that no op computes. */
  readonly tensors: readonly Tensor[];
  readonly steps: readonly ProgramStep[];
  readonly slotBytes: readonly number[];
  /** Bytes of each texture that operands are copied to. */
  readonly textureBytes: number;
  readonly memory: MemoryPlan;
}

/** The traits of an adapter on which the choice of kernels depends. */
export function deviceTraits(gpu: Gpu): DeviceTraits {
  return { software: gpu.kind.software, tuning: gpu.tuning };
}

/** The memory that a program would take. Nothing is compiled. */
export function memoryPlan(gpu: Gpu, definition: ProgramDefinition): MemoryPlan {
  return planProgram(gpu, definition).memory;
}

/** Plans a program; allocates nothing. */
export function planProgram(gpu: Gpu, definition: ProgramDefinition): ProgramPlan {
  const traits = { maxBindingBytes: gpu.maxBindingBytes, ...definition.traits ?? deviceTraits(gpu) };
  const tensors = dependencies([...Object.values(definition.outputs), ...definition.destinations?.keys() ?? []]);
  const outputs = new Set(Object.values(definition.outputs));
  const order = executionOrder(tensors, outputs, definition.activations);
  const last = lastUses(order, outputs);
  const kept = definition.residents === undefined ? new Set<Tensor>() : fromResidentsAlone(tensors);
  const lives: PlannedLife[] = [];
  const live = (life: Omit<PlannedLife, "writes" | "reads">, step: number) =>
    lives.push({ ...life, writes: [step], reads: [] }) - 1;
  // The life of each tensor, by its last computation.
  const lifeOf = new Map<Tensor, number>();
  const computed = order.flatMap(({ tensor, inputs, kernels }, step) => {
    if (kernels === undefined) return [];
    for (const input of inputs) lives[lifeOf.get(input) ?? -1]?.reads.push(step);
    const isKept = kept.has(tensor);
    const isPlaced = isKept || definition.withoutReuse === true || definition.destinations?.has(tensor) === true;
    const overwritten = isPlaced ? undefined : overwrittenLife({ tensor, kernels }, step, { lifeOf, lives });
    const chosen = overwritten === undefined ? kernels : tensor.definition.inPlace?.kernels ?? kernels;
    const plan = stageParts(chosen(tensor, scheduledTraits(tensor, traits)), tensor);
    const end = isKept ? order.length : last[step] ?? step;
    if (overwritten !== undefined) extend(lives, overwritten, step, end);
    const whole = { label: String(tensor), bytes: tensor.bytes, first: isKept ? 0 : step, last: end, scratch: false };
    const own = definition.destinations?.has(tensor) ? null : overwritten ?? live(whole, step);
    if (own !== null) lifeOf.set(tensor, own);
    const scratch = (plan.scratchBytes ?? []).map((bytes) =>
      live({ label: `scratch of ${tensor}`, bytes, first: step, last: step, scratch: true }, step)
    );
    return [{ tensor, plan, own, scratch, isKept }];
  });
  const slots = definition.withoutReuse ? slotsApart(lives) : planSlots(lives);
  const placeOf = (life: number) => required(slots.places, life);
  const steps = computed.map(({ tensor, plan, own, scratch, isKept }): ProgramStep => ({
    ...{ tensor, plan, isKept },
    place: own === null ? null : placeOf(own),
    scratchPlaces: scratch.map(placeOf),
  }));
  const textureBytes = operandTextureBytes(steps.map(({ plan }) => plan));
  const memory = { ...summarize(tensors, steps, lives, slots, textureBytes), ...largestOf(steps, traits) };
  return { tensors, steps, slotBytes: slots.slotBytes, textureBytes, memory };
}

/** The life of the input that a tensor is computed over; `undefined` where it needs memory of its own. */
function overwrittenLife(
  { tensor, kernels }: Pick<Execution, "tensor" | "kernels">,
  step: number,
  { lifeOf, lives }: { readonly lifeOf: ReadonlyMap<Tensor, number>; readonly lives: readonly PlannedLife[] },
): number | undefined {
  const { inPlace } = tensor.definition;
  // What is brought back from 16 bits is not computed by the op's own launches.
  if (inPlace === undefined || kernels !== tensor.definition.kernels || inPlace.of.bytes !== tensor.bytes) {
    return undefined;
  }
  // What an op takes twice it still reads from where it lies.
  if (tensor.inputs.filter((input) => input === inPlace.of).length > 1) return undefined;
  const life = lifeOf.get(inPlace.of);
  return life !== undefined && lives[life]?.last === step ? life : undefined;
}

/** Lets a life, which a step writes once more, last to the step `last`. */
function extend(lives: PlannedLife[], index: number, step: number, last: number): void {
  const life = required(lives, index);
  lives[index] = { ...life, last, writes: [...life.writes, step] };
}

/** A slot for each life. */
function slotsApart(lives: readonly Life[]): SlotPlan {
  return {
    places: lives.map((_, slot) => ({ slot, offset: 0 })),
    slotBytes: lives.map(({ bytes }) => bytes),
    lowerBoundBytes: 0,
  };
}

function required<Value>(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new RangeError(`The memory plan has no entry ${index}`);
  return value;
}

/** The tensors that depend on resident tensors and on nothing else. */
function fromResidentsAlone(tensors: readonly Tensor[]): Set<Tensor> {
  const found = new Set<Tensor>();
  for (const tensor of tensors) {
    if (tensor.definition.kernels === undefined) continue;
    if (tensor.inputs.every((input) => found.has(input) || input.definition.leaf?.kind === "resident")) {
      found.add(tensor);
    }
  }
  return found;
}

interface PlannedLife extends Life {
  readonly scratch: boolean;
  readonly writes: number[];
  readonly reads: number[];
}

function summarize(
  tensors: readonly Tensor[],
  steps: readonly ProgramStep[],
  lives: readonly PlannedLife[],
  slots: SlotPlan,
  textureBytes: number,
): Omit<MemoryPlan, "largestBindingBytes" | "largestBinding" | "unbindable"> {
  const activationBytes = sum(slots.slotBytes) + 2 * textureBytes;
  const withoutScratch = planSlots(lives.filter(({ scratch }) => !scratch));
  const inputs = tensors.filter((tensor) => tensor.definition.leaf?.kind === "input");
  const flops = sum(steps.map(stepFlops));
  // The first step of each tensor. Later steps compute it again, or convert it back from 16 bits.
  const first = new Map(steps.toReversed().map((step) => [step.tensor, step]));
  return {
    activationBytes,
    scratchBytes: Math.max(0, activationBytes - sum(withoutScratch.slotBytes)),
    inputBytes: sum(inputs.map(({ bytes }) => bytes)),
    lowerBoundBytes: slots.lowerBoundBytes,
    flops,
    recomputedFlops: flops - sum([...first.values()].map(stepFlops)),
  };
}

/** The largest binding, and what would have to be smaller for the first tensor that cannot be bound. */
function largestOf(
  steps: readonly ProgramStep[],
  { maxBindingBytes }: { readonly maxBindingBytes: number },
): Pick<MemoryPlan, "largestBindingBytes" | "largestBinding" | "unbindable"> {
  const [largest] = steps.map(({ tensor, plan }) => ({ tensor, bytes: largestBinding(plan, tensor, maxBindingBytes) }))
    .sort((a, b) => b.bytes - a.bytes);
  if (largest === undefined) return { largestBindingBytes: 0, largestBinding: "nothing", unbindable: null };
  const { tensor, bytes } = largest;
  const unbindable = bytes <= maxBindingBytes
    ? null
    : `Cannot compute ${tensor}: even its smallest slice binds ${bytes} bytes at once, this adapter at most ` +
      `${maxBindingBytes}; ${fittingSize(tensor, bytes, maxBindingBytes)}`;
  return { largestBindingBytes: bytes, largestBinding: String(tensor), unbindable };
}

function stepFlops({ plan }: ProgramStep): number {
  return sum(plan.calls.map(({ flops }) => flops ?? 0));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
