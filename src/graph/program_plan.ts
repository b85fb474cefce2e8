/**
 * What a program does step by step, and where each result lies. All of this is known before anything is allocated.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { BufferRange, Dispatch } from "../gpu/launch.ts";
import { operandTextureBytes } from "./operand_textures.ts";
import { lastUses, type Life, type MemoryPlan, planSlots, type SlotPlan } from "./plan.ts";
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
  /** The slot of the tensor; `null` if it has a destination. */
  readonly slot: number | null;
  /** Slots of its scratch memory. */
  readonly scratchSlots: readonly number[];
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
  const live = (label: string, bytes: number, first: number, end: number, scratch: boolean) =>
    lives.push({ label, bytes, first, last: end, scratch }) - 1;
  // The life of each tensor that may be overwritten, by its last computation.
  const free = new Map<Tensor, number>();
  const computed = order.flatMap(({ tensor, kernels }, index) => {
    if (kernels === undefined) return [];
    const isKept = kept.has(tensor);
    const isPlaced = isKept || definition.withoutReuse === true || definition.destinations?.has(tensor) === true;
    const overwritten = isPlaced ? undefined : overwrittenLife({ tensor, kernels }, index, { free, lives });
    const chosen = overwritten === undefined ? kernels : tensor.definition.inPlace?.kernels ?? kernels;
    const plan = stageParts(chosen(tensor, scheduledTraits(tensor, traits)), tensor);
    const end = isKept ? order.length : last[index] ?? index;
    if (overwritten !== undefined) lives[overwritten] = { ...required(lives, overwritten), last: end };
    const own = definition.destinations?.has(tensor)
      ? null
      : overwritten ?? live(String(tensor), tensor.bytes, isKept ? 0 : index, end, false);
    if (own !== null && !isPlaced) free.set(tensor, own);
    const scratch = (plan.scratchBytes ?? []).map((bytes) => live(`scratch of ${tensor}`, bytes, index, index, true));
    return [{ tensor, plan, own, scratch, isKept }];
  });
  const slots = definition.withoutReuse
    ? { slotOf: lives.map((_, index) => index), slotBytes: lives.map(({ bytes }) => bytes), lowerBoundBytes: 0 }
    : planSlots(lives);
  const slotOf = (life: number) => slots.slotOf[life] ?? 0;
  const steps = computed.map(({ tensor, plan, own, scratch, isKept }): ProgramStep => ({
    ...{ tensor, plan, isKept },
    slot: own === null ? null : slotOf(own),
    scratchSlots: scratch.map(slotOf),
  }));
  const textureBytes = operandTextureBytes(steps.map(({ plan }) => plan));
  const memory = { ...summarize(tensors, steps, lives, slots, textureBytes), ...largestOf(steps, traits) };
  return { tensors, steps, slotBytes: slots.slotBytes, textureBytes, memory };
}

/** The life of the input that a tensor is computed over; `undefined` where it needs memory of its own. */
function overwrittenLife(
  { tensor, kernels }: Pick<Execution, "tensor" | "kernels">,
  step: number,
  { free, lives }: { readonly free: ReadonlyMap<Tensor, number>; readonly lives: readonly PlannedLife[] },
): number | undefined {
  const { inPlace } = tensor.definition;
  // What is brought back from 16 bits is not computed by the op's own launches.
  if (inPlace === undefined || kernels !== tensor.definition.kernels || inPlace.of.bytes !== tensor.bytes) {
    return undefined;
  }
  // What an op takes twice it still reads from where it lies.
  if (tensor.inputs.filter((input) => input === inPlace.of).length > 1) return undefined;
  const life = free.get(inPlace.of);
  return life !== undefined && lives[life]?.last === step ? life : undefined;
}

function required(lives: readonly PlannedLife[], index: number): PlannedLife {
  const life = lives[index];
  if (life === undefined) throw new RangeError(`There is no life ${index}`);
  return life;
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
