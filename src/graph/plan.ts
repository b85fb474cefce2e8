/**
 * The memory plan: which tensors share a buffer.
 *
 * WebGPU forbids reading and writing one buffer in the same launch, even at different places. So tensors are given
 * *slots*, each a buffer of its own, and a slot is used again once its tensor is dead.
 *
 * @module
 */

import type { Execution } from "./execution_order.ts";
import type { Tensor } from "./tensor.ts";

/** Something that needs memory from step `first` to step `last`, both included. */
export interface Life {
  /** What it is, for messages. */
  readonly label: string;
  /** Bytes needed. */
  readonly bytes: number;
  /** Index of the step that writes it. */
  readonly first: number;
  /** Index of the last step that uses it. */
  readonly last: number;
}

/** Slot of each life, and the bytes of each slot. */
export interface SlotPlan {
  /** Index of the slot of each life, in the order given. */
  readonly slotOf: readonly number[];
  /** Bytes of each slot. */
  readonly slotBytes: readonly number[];
  /** The largest sum of bytes that are live at one step: no plan can be smaller. */
  readonly lowerBoundBytes: number;
}

/** Assigns slots: the largest first, each to the first slot that is free for its whole life. */
export function planSlots(lives: readonly Life[]): SlotPlan {
  const slots: { bytes: number; taken: Life[] }[] = [];
  const slotOf = new Array<number>(lives.length).fill(0);
  const bySize = lives.map((life, index) => ({ life, index }))
    .sort((a, b) => b.life.bytes - a.life.bytes || a.life.first - b.life.first || a.index - b.index);
  for (const { life, index } of bySize) {
    let slot = slots.findIndex(({ taken }) => taken.every((other) => !overlap(life, other)));
    if (slot < 0) slot = slots.push({ bytes: life.bytes, taken: [] }) - 1;
    slots[slot]?.taken.push(life);
    slotOf[index] = slot;
  }
  return { slotOf, slotBytes: slots.map(({ bytes }) => bytes), lowerBoundBytes: lowerBound(lives) };
}

function overlap(a: Life, b: Life): boolean {
  return a.first <= b.last && b.first <= a.last;
}

function lowerBound(lives: readonly Life[]): number {
  const steps = Math.max(0, ...lives.map(({ last }) => last + 1));
  const change = new Float64Array(steps + 1);
  for (const { bytes, first, last } of lives) {
    change[first] = (change[first] ?? 0) + bytes;
    change[last + 1] = (change[last + 1] ?? 0) - bytes;
  }
  let live = 0;
  return change.reduce((most, difference) => Math.max(most, live += difference), 0);
}

/** Memory of a program, in bytes. */
export interface MemoryPlan {
  /** Slots of activations, gradients of activations and scratch. */
  readonly activationBytes: number;
  /** Of these, bytes that only exist because of scratch memory. */
  readonly scratchBytes: number;
  /** Inputs that are written before each run, and outputs. */
  readonly inputBytes: number;
  /** The largest single binding of a launch. */
  readonly largestBindingBytes: number;
  /** The tensor that is computed with it. */
  readonly largestBinding: string;
  /** What cannot be bound, not even in slices, and the size that could be; `null` if everything can. */
  readonly unbindable: string | null;
  /** The largest sum of live bytes at any step. */
  readonly lowerBoundBytes: number;
  /** Floating-point operations of one run, as far as the ops state them. */
  readonly flops: number;
  /** Of these, for what is computed a second time. */
  readonly recomputedFlops: number;
}

/** The last step at which what each step computes is used, before it is computed again; outputs live to the end. */
export function lastUses(order: readonly Execution[], outputs: ReadonlySet<Tensor>): number[] {
  const last = order.map((_, step) => step);
  const computedAt = new Map<Tensor, number>();
  const use = (tensor: Tensor, step: number) => {
    const computed = computedAt.get(tensor);
    if (computed !== undefined) last[computed] = step;
  };
  for (const [step, { tensor, inputs }] of order.entries()) {
    for (const input of inputs) use(input, step);
    computedAt.set(tensor, step);
  }
  for (const output of outputs) use(output, order.length);
  return last;
}
