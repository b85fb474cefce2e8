/**
 * The memory plan: which tensors share a buffer.
 *
 * WebGPU forbids a launch to read and write the same buffer, even at different places. So tensors are given *slots*,
 * each of which is a buffer of its own. A slot is used again once no later step needs its tensor.
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

/** The slot of each life, and the size of each slot. */
export interface SlotPlan {
  /** Index of the slot of each life, in the order given. */
  readonly slotOf: readonly number[];
  /** Bytes of each slot. */
  readonly slotBytes: readonly number[];
  /** The largest sum of bytes that are needed at one step. No plan can be smaller. */
  readonly lowerBoundBytes: number;
}

/**
 * Assigns slots to lives. The largest life comes first, and each takes the first slot that is free for its whole
 * duration.
 */
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
  /** Bytes of all slots, which hold activations, gradients of activations, and scratch memory. */
  readonly activationBytes: number;
  /** Of these, the bytes that would not be needed without scratch memory. */
  readonly scratchBytes: number;
  /** Bytes of inputs, which are written before each run, and of outputs. */
  readonly inputBytes: number;
  /** Bytes of the largest single binding of a launch. */
  readonly largestBindingBytes: number;
  /** The tensor that the launch with this binding computes. */
  readonly largestBinding: string;
  /** What cannot be bound even in slices, and the size that would fit, as a text; `null` if everything can be bound. */
  readonly unbindable: string | null;
  /** The largest sum of bytes that are needed at one step. */
  readonly lowerBoundBytes: number;
  /** Floating-point operations of one run, as far as the ops state them. */
  readonly flops: number;
  /** Of these, the operations of what is computed a second time. */
  readonly recomputedFlops: number;
}

/**
 * For each step, the last step that uses what it computes, before the same tensor is computed again. Outputs are used
 * to the end.
 */
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
